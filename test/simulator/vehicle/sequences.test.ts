import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { ConfigureCommand } from '../../../shared/protocol/device-messages.ts';
import type { VehicleEvent } from '../../../simulator/vehicle/event.ts';
import { step } from '../../../simulator/vehicle/step.ts';
import type { Vehicle } from '../../../simulator/vehicle/vehicle.ts';
import { command, modelOf, noon, resultsOf, vehicleOf } from '../../helpers/vehicle-model.ts';

const hardware = modelOf('cirrus-2025').features;

/** One command a version, as the API IoT numbers them, for features that the vehicle has and one that it lacks. */
const commands = fc
  .array(
    fc.record({
      feature: fc.constantFrom(...hardware, 'sport_mode'),
      target: fc.constantFrom('active' as const, 'dormant' as const),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((items) =>
    items.map(({ feature, target }, index) => command(`cmd_${index}`, [[feature, target, index + 1]])),
  );

type Move =
  | { readonly kind: 'deliver'; readonly index: number }
  | { readonly kind: 'finish' }
  | { readonly kind: 'restart' };

/** Any deliveries in any order: repeated, reordered, dropped, with restarts in between. */
const moves = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), index: fc.nat(11) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('finish' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  ),
  { maxLength: 40 },
);

function eventsOf(vehicle: Vehicle, sent: readonly ConfigureCommand[], move: Move): VehicleEvent[] {
  if (move.kind === 'restart')
    return [
      { type: 'restart', now: noon },
      { type: 'boot', now: noon },
    ];
  if (move.kind === 'finish') {
    return vehicle.accepted
      .slice(0, 1)
      .map((accepted) => ({ type: 'applied', now: noon, commandId: accepted.id }));
  }
  const chosen = sent[move.index];
  return chosen ? [{ type: 'command', now: noon, command: chosen }] : [];
}

function run(sent: readonly ConfigureCommand[], played: readonly Move[]) {
  let vehicle = vehicleOf({ model: 'cirrus-2025' });
  const seen: Vehicle[] = [vehicle];
  const delivered = new Set<ConfigureCommand>();
  const answered = new Map<string, string>();
  const apply = (event: VehicleEvent) => {
    if (event.type === 'command') delivered.add(event.command);
    const taken = step(vehicle, event);
    vehicle = taken.vehicle;
    seen.push(vehicle);
    for (const message of taken.messages) {
      if (message.channel !== 'result') continue;
      const text = JSON.stringify(message.payload.results);
      // The same id never gets another answer.
      expect(answered.get(message.payload.commandId) ?? text).toBe(text);
      answered.set(message.payload.commandId, text);
    }
  };
  for (const move of played) for (const event of eventsOf(vehicle, sent, move)) apply(event);
  for (const accepted of vehicle.accepted) apply({ type: 'applied', now: noon, commandId: accepted.id });
  return { vehicle, seen, delivered: [...delivered], answered };
}

test.prop([commands, moves])(
  'every feature ends at the highest version that arrived and could apply',
  (sent, played) => {
    const { vehicle, delivered } = run(sent, played);
    const expected = hardware.map((feature) => {
      const targets = delivered
        .flatMap((item) => item.features)
        .filter((target) => target.feature === feature);
      const highest = targets.reduce((best, target) => (target.version > best.version ? target : best), {
        feature,
        target: 'dormant' as 'active' | 'dormant',
        version: 0,
      });
      return { feature, state: highest.target, version: highest.version };
    });
    expect(vehicle.features.map(({ parameters: _, ...stands }) => stands)).toEqual(expected);
  },
);

test.prop([commands, moves])('a version never falls after random events in random order', (sent, played) => {
  const { seen } = run(sent, played);
  for (const [index, later] of seen.entries()) {
    const earlier = seen[index - 1];
    if (!earlier) continue;
    for (const [position, feature] of later.features.entries()) {
      expect(feature.version).toBeGreaterThanOrEqual(earlier.features[position]?.version ?? 0);
    }
  }
});

test.prop([commands, moves])(
  'every command that arrived is answered once it had its time',
  (sent, played) => {
    const { delivered, answered } = run(sent, played);
    expect(new Set(answered.keys())).toEqual(new Set(delivered.map((item) => item.id)));
  },
);

test.prop([commands, moves])('the vehicle is never changed in place', (sent, played) => {
  const frozen = deepFreeze(vehicleOf({ model: 'cirrus-2025' }));
  for (const move of played) {
    for (const event of eventsOf(frozen, sent, move)) expect(resultsOf(step(frozen, event))).toBeDefined();
  }
});

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
