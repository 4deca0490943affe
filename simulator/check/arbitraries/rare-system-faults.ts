import { integerBetween } from '../../../shared/ports/random.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { apiIotCauses, databaseFailures, processes, type SystemFault } from '../system-fault.ts';
import type { TestCase } from '../test-case.ts';

type Within = (min: number, max: number) => number;

/**
 * Adds what rarely happens to a whole system, to one case of eight: a line that loses packets, an API IoT that fails for every
 * vehicle, a clock that is set, a database that takes no write. By the seed, so that the draws of the other cases stay as they are.
 */
export function withSystemFault(testCase: TestCase): TestCase {
  const { seed } = testCase;
  if (seed % 8 !== 1) return testCase;
  const random = seededRandom(seed);
  const within: Within = (min, max) => integerBetween(random, min, max);
  const draws = [lossyLine, failingApiIot, wrongClock, failingDatabase];
  const draw = draws[Math.floor(seed / 8) % draws.length];
  return draw === undefined ? testCase : draw(testCase, within);
}

function withFault(testCase: TestCase, fault: SystemFault): TestCase {
  return { ...testCase, world: [...testCase.world, fault] };
}

function lossyLine(testCase: TestCase, within: Within): TestCase {
  const { vehicle = 0, atMs = 0 } = testCase.activations[0] ?? {};
  return withFault(testCase, {
    ...{ type: 'lossy', vehicle },
    lossRate: within(5, 70) / 100,
    roundTripMs: within(20, 600),
    fromMs: Math.max(0, atMs - within(0, 2_000)),
    forMs: within(5_000, 900_000),
  });
}

/** Two customers buy while it fails, or while it begins to fail. */
function failingApiIot(testCase: TestCase, within: Within): TestCase {
  const [first] = testCase.activations;
  if (first === undefined) return testCase;
  const fromMs = Math.max(0, first.atMs - within(0, 3_000));
  // Beyond the last one the credentials are refused, which a few vehicles suffice to see.
  const cause = apiIotCauses[within(0, apiIotCauses.length)] ?? 'credentials';
  const fault: SystemFault = { type: 'api_iot_fails', cause, fromMs, forMs: within(20_000, 900_000) };
  const other = {
    ...{ vehicle: (first.vehicle + 1) % 4, service: within(0, 5), atMs: first.atMs + within(0, 30_000) },
    ...{ card: 'good' as const, againAfterMs: null, faults: [] },
  };
  const activations = [first, other, ...testCase.activations.slice(1)];
  return withFault({ ...testCase, activations }, fault);
}

function wrongClock(testCase: TestCase, within: Within): TestCase {
  const { atMs = 0 } = testCase.activations[0] ?? {};
  return withFault(testCase, {
    ...{ type: 'clock_set', process: 'platform' },
    aheadMs: within(0, 1) === 0 ? 7_200_000 : -7_200_000,
    atMs: atMs + within(0, 20_000),
    forMs: within(1_000, 600_000),
  });
}

function failingDatabase(testCase: TestCase, within: Within): TestCase {
  const { atMs = 0 } = testCase.activations[0] ?? {};
  return withFault(testCase, {
    type: 'database_fails',
    process: processes[within(0, 1)] ?? 'platform',
    how: databaseFailures[within(0, 1)] ?? 'full',
    fromMs: atMs + within(0, 3_000),
    forMs: within(0, 1) === 0 ? within(50, 3_000) : within(3_000, 120_000),
  });
}
