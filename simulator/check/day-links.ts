import type { Clock } from '../../shared/ports/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
import { type Outage, outages } from '../fleet/connectivity.ts';
import type { Fleet } from '../fleet/fleet.ts';

/**
 * The `drive` profile for many vehicles over a long time: 10,000 vehicles lose their link seven million times a day, mostly
 * while no command is pending. So the seed decides each vehicle's outages from the start, but only those during an
 * activation are simulated; the effect on activations is exactly that of the profile.
 */
export function dayLinks(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly startedAt: number;
  readonly cars: Pick<Fleet, 'cut'>;
  /** Whether something is still under way for this vehicle. */
  readonly isBusy: (vin: string) => boolean;
}) {
  const { clock, random, startedAt, cars, isBusy } = deps;
  const courses = new Map<string, { readonly outages: Generator<Outage>; next: Outage | null }>();
  const watched = new Set<string>();
  let cutCount = 0;

  function courseOf(vin: string) {
    const known = courses.get(vin);
    if (known) return known;
    const made = { outages: outages('drive', random.stream(vin)), next: null };
    courses.set(vin, made);
    return made;
  }

  /** The first outage that is not over yet. */
  function nextOutage(vin: string): Outage {
    const course = courseOf(vin);
    const nowMs = clock.now() - startedAt;
    for (;;) {
      course.next ??= course.outages.next().value as Outage;
      if (course.next.startMs + course.next.durationMs > nowMs) return course.next;
      course.next = null;
    }
  }

  function follow(vin: string): void {
    const { startMs, durationMs } = nextOutage(vin);
    const waitMs = startMs - (clock.now() - startedAt);
    if (waitMs <= 0) cut(vin, durationMs + waitMs);
    else clock.setTimer(waitMs, () => (isBusy(vin) ? cut(vin, durationMs) : watched.delete(vin)));
  }

  function cut(vin: string, forMs: number): void {
    cutCount += 1;
    cars.cut(vin, forMs);
    clock.setTimer(forMs, () => {
      if (isBusy(vin)) follow(vin);
      else watched.delete(vin);
    });
  }

  return {
    /** Something begins for this vehicle: from now on its link does what the profile says. */
    watch(vin: string): void {
      if (watched.has(vin)) return;
      watched.add(vin);
      follow(vin);
    },
    cutCount: () => cutCount,
  };
}
