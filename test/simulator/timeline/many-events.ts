import { lanes, type Timeline, type TimelineEvent } from '../../../simulator/timeline/event.ts';

/** A timeline of so many events: activations of up to five attempts that begin a second apart, some of which fail. */
export function manyEvents(count: number): Timeline {
  const events = Array.from({ length: count }, (_, index): TimelineEvent => {
    const activation = Math.floor(index / 25);
    const step = index % 25;
    const lane = lanes[(index * 7) % lanes.length] ?? 'engine';
    const toLane = lanes[(index * 3) % lanes.length] ?? 'engine';
    return {
      ...{ id: `e${index}`, lane, toLane, activation: `A${activation + 1}` },
      atMs: activation * 1_000 + step * 17 + Math.floor(step / 5) * 60_000,
      attempt: Math.floor(step / 5) + 1,
      certainty: step % 5 === 4 ? (activation % 3 === 0 ? 'failed' : 'succeeded') : 'neutral',
      importance: step === 24 ? 3 : step % 5 === 4 ? 2 : 1,
      title: `event ${index}`,
    };
  });
  return {
    title: `${count} events`,
    events,
    faults: [{ title: 'API IoT: down', fromMs: 60_000, toMs: 90_000 }],
  };
}
