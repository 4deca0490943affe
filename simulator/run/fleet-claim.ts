import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { type Log, silentLog } from '../../shared/ports/log.ts';
import { problemName } from '../../shared/protocol/problem.ts';
import { someOf } from '../../shared/protocol/some-of.ts';
import type { ApiClient } from './api-client.ts';
import { batches, type RegisteredVehicle } from './registration.ts';
import { sendUntilTaken } from './registration-request.ts';

/** Vehicles of this fleet belong to another simulator, or are connected by one. */
export class VehiclesHeld extends Error {
  override readonly name = 'VehiclesHeld';
}

export interface ClaimDeps {
  readonly provisioner: ApiClient;
  readonly clock: Clock;
  readonly log?: Log;
}

/** A vehicle that is registered with another password. */
interface HeldVehicle {
  readonly vin: string;
  readonly registeredBy: string | null;
  readonly online: boolean;
  readonly lastSeenAt: number | null;
}

interface Survey {
  readonly held: readonly HeldVehicle[];
  /** Connected vehicles, and when each was heard last. */
  readonly heardAt: ReadonlyMap<string, number | null>;
}

/** A broker finds within 1.5 keep-alives of a vehicle (60 s) that it was cut off, and marks it as offline. */
const offlineWithinMs = 95_000;
/** Until then the API IoT may still read messages that vehicles sent before they were cut off. */
const backlogMs = 5_000;
const pollMs = 1_000;

/**
 * Resolves once no other simulator has a vehicle of this fleet, and changes nothing. Rejects with `VehiclesHeld` when one is
 * registered with another password (unless `takesOver`), or is connected and heard: then another process simulates it with the same
 * password. A vehicle that counts as connected and is silent was cut off; the broker is given time to find that.
 */
export async function checkClaim(
  deps: ClaimDeps,
  vehicles: readonly RegisteredVehicle[],
  takesOver: boolean,
): Promise<void> {
  const first = await survey(deps, vehicles);
  if (first.held.length > 0 && !takesOver) throw heldElsewhere(first.held);
  const { clock, log = silentLog } = deps;
  const beganAt = clock.now();
  let { heardAt: before } = first;
  let waiting = vehicles.filter(({ vin }) => first.heardAt.has(vin));
  if (waiting.length > 0) log.warn('fleet.wait_for_offline_started', { vehicles: waiting.length });
  while (waiting.length > 0 && clock.now() < beganAt + offlineWithinMs) {
    await sleep(clock, pollMs);
    const { heardAt } = await survey(deps, waiting);
    const heard = [...heardAt].filter(([vin, at]) => at !== before.get(vin)).map(([vin]) => vin);
    if (clock.now() <= beganAt + backlogMs) before = heardAt;
    else if (heard.length > 0) throw connectedElsewhere(heard);
    waiting = waiting.filter(({ vin }) => heardAt.has(vin));
  }
  if (waiting.length > 0) log.warn('fleet.silent_vehicles_claimed', { vehicles: waiting.length });
}

/** Asks the API IoT who has these vehicles. */
async function survey(deps: ClaimDeps, vehicles: readonly RegisteredVehicle[]): Promise<Survey> {
  const held: HeldVehicle[] = [];
  const heardAt = new Map<string, number | null>();
  for (const batch of batches(vehicles)) {
    const { answer, refusal } = await sendUntilTaken(deps, deps.provisioner, '/provisioning/vehicles', {
      vehicles: batch.map(({ vin, model, credentialDigest }) => ({ vin, model, credentialDigest })),
      ...{ existing: 'refuse', dryRun: true },
    });
    const { results, connected } = (answer?.body ?? {}) as AnswerBody;
    if (refusal !== null && results === undefined) throw new Error(refusalText(refusal, answer?.body));
    for (const { problem } of results ?? [])
      if (problem !== undefined && problemName(problem.type) === 'vehicle-held') held.push(problem);
    for (const { vin, lastSeenAt } of connected ?? []) heardAt.set(vin, lastSeenAt);
  }
  for (const { vin, online, lastSeenAt } of held) if (online) heardAt.set(vin, lastSeenAt);
  return { held, heardAt };
}

interface AnswerBody {
  readonly results?: readonly { readonly problem?: HeldVehicle & { readonly type?: unknown } }[];
  readonly connected?: readonly { readonly vin: string; readonly lastSeenAt: number | null }[];
}

const refusalText = (refusal: string, body: unknown) =>
  `${refusal}: ${(body as { readonly detail?: string } | null)?.detail ?? JSON.stringify(body)}`;

const verb = (count: number) => (count === 1 ? 'is' : 'are');

function heldElsewhere(held: readonly HeldVehicle[]): VehiclesHeld {
  const holders = [...new Set(held.map(({ registeredBy }) => registeredBy ?? 'others'))];
  const connected = held.filter(({ online }) => online).length;
  const now = connected === 0 ? 'none of them connected now' : `${connected} connected now`;
  return new VehiclesHeld(
    `${someOf(held.map(({ vin }) => vin))} ${verb(held.length)} registered with other passwords by ${someOf(holders)} (${now}): choose other vehicles with --first or --shard, start with the data folder that has their passwords, or take them over with --take-over where that folder is lost`,
  );
}

function connectedElsewhere(vins: readonly string[]): VehiclesHeld {
  return new VehiclesHeld(
    `${someOf(vins)} ${verb(vins.length)} connected by another process with the same passwords, such as one with a copy of this data folder: choose other vehicles with --first or --shard, or stop that process`,
  );
}
