import { expect, test } from 'vitest';
import { problemOf } from '../../../shared/protocol/problem.ts';
import type { ApiAnswer, ApiClient } from '../../../simulator/run/api-client.ts';
import { checkClaim } from '../../../simulator/run/fleet-claim.ts';

interface State {
  readonly held?: Readonly<Record<string, { registeredBy: string | null; online: boolean }>>;
  /** When each connected vehicle was heard last. */
  readonly heardAt?: Readonly<Record<string, number>>;
}

const vehicles = ['V1', 'V2', 'V3', 'V4', 'V5', 'V6', 'V7'].map((vin) => ({
  ...{ vin, model: 'm', modelName: 'M', credentialDigest: `digest of ${vin}` },
}));
const startAt = 1_800_000_000_000;

/** An API IoT that is asked once a second; `stateAt` says what it knows after so many seconds. */
function world(stateAt: (seconds: number) => State) {
  let now = startAt;
  const asked: unknown[] = [];
  const clock = {
    now: () => now,
    setTimer(delayMs: number, callback: () => void) {
      now += delayMs;
      queueMicrotask(callback);
      return { cancel() {} };
    },
  };
  const provisioner: ApiClient = {
    get: () => Promise.reject(new Error('nothing is read')),
    async send(method, path, body): Promise<ApiAnswer> {
      const { vehicles: rows, ...more } = body as { readonly vehicles: readonly { readonly vin: string }[] };
      asked.push([method, path, rows.length, more]);
      const { held = {}, heardAt = {} } = stateAt((now - startAt) / 1_000);
      const results = rows.map(({ vin }) => {
        const of = held[vin];
        if (of === undefined) return { id: vin, status: 'registered' };
        const problem = problemOf('vehicle-held', '', { vin, ...of, lastSeenAt: heardAt[vin] ?? null });
        return { id: vin, status: 'refused', problem };
      });
      const connected = rows.flatMap(({ vin }) =>
        vin in heardAt && !(vin in held) ? [{ vin, lastSeenAt: heardAt[vin] }] : [],
      );
      const problems = results.flatMap(({ problem }) => problem ?? []);
      const made = (status: number, body: object) => ({ status, body, headers: new Headers(), text: '' });
      if (problems.length === 0) return made(200, { provisioned: 0, connected });
      // Where every row is refused the answer is the problem of the first.
      if (problems.length === rows.length) return made(409, { ...problems[0], results });
      return made(207, { provisioned: 0, connected, results });
    },
  };
  return { provisioner, clock, asked, seconds: () => (now - startAt) / 1_000 };
}

const ofFleetA = { registeredBy: 'fleetwake fleet on alpha with the data folder /a', online: false };

test('a fleet that is not registered is free after one question, which changes nothing', async () => {
  const free = world(() => ({}));
  await checkClaim(free, vehicles, false);
  expect(free.asked).toEqual([['POST', '/provisioning/vehicles', 7, { existing: 'refuse', dryRun: true }]]);
});

test('a fleet with vehicles of another is refused at once, with names, holder and flags', async () => {
  const one = world(() => ({ held: { V2: { ...ofFleetA, online: true } }, heardAt: { V2: 5 } }));
  await expect(checkClaim(one, vehicles, false)).rejects.toThrow(
    'V2 is registered with other passwords by fleetwake fleet on alpha with the data folder /a (1 connected now): choose other vehicles with --first or --shard, start with the data folder that has their passwords, or take them over with --take-over where that folder is lost',
  );
  const all = world(() => ({
    held: {
      ...Object.fromEntries(vehicles.map(({ vin }) => [vin, ofFleetA])),
      V7: { ...ofFleetA, registeredBy: null },
    },
  }));
  await expect(checkClaim(all, vehicles, false)).rejects.toThrow(
    'V1, V2, V3, V4, V5 and 2 more are registered with other passwords by fleetwake fleet on alpha with the data folder /a and others (none of them connected now): choose',
  );
  expect([one.seconds(), all.seconds()]).toEqual([0, 0]);
});

test('own vehicles that count as connected are waited for until the broker finds that they were cut off', async () => {
  // A message from before comes late.
  const cut = world((seconds) => ({
    heardAt: seconds < 3 ? { V1: seconds < 2 ? 5 : 6, V2: 5 } : seconds < 60 ? { V2: 5 } : {},
  }));
  await checkClaim(cut, vehicles, false);
  expect(cut.seconds()).toBe(60);
  expect(cut.asked.map((call) => (call as unknown[])[2])).toEqual([7, 2, 2, 2, ...Array(57).fill(1)]);
});

test('own vehicles that are heard while they count as connected are played by another process', async () => {
  const copy = world((seconds) => ({ heardAt: { V1: 5, V3: seconds < 12 ? 5 : 6 } }));
  await expect(checkClaim(copy, vehicles, false)).rejects.toThrow(
    'V3 is connected by another process with the same passwords, such as one with a copy of this data folder: choose other vehicles with --first or --shard, or stop that process',
  );
  expect(copy.seconds()).toBe(12);
});

test('silent vehicles that still count as connected after 95 s are taken', async () => {
  const silent = world(() => ({ heardAt: { V1: 5 } }));
  await checkClaim(silent, vehicles, false);
  expect(silent.seconds()).toBe(95);
});

test('vehicles of a lost data folder are taken over, unless they are connected and heard', async () => {
  await checkClaim(
    world(() => ({ held: { V1: ofFleetA } })),
    vehicles,
    true,
  );
  const running = world((seconds) => ({
    held: { V1: { ...ofFleetA, online: true } },
    heardAt: { V1: Math.floor(seconds / 10) },
  }));
  await expect(checkClaim(running, vehicles, true)).rejects.toThrow('V1 is connected by another process');
  expect(running.seconds()).toBe(10);
});

test('a request that is refused as a whole ends the start with its words', async () => {
  const { clock } = world(() => ({}));
  const body = problemOf('missing-scope', 'The token lacks vehicle:provision.');
  const answer = async () => ({ status: 403, headers: new Headers(), text: '', body });
  const provisioner: ApiClient = { send: answer, get: answer };
  await expect(checkClaim({ provisioner, clock }, vehicles, false)).rejects.toThrow(
    '/provisioning/vehicles answered 403: The token lacks vehicle:provision.',
  );
});
