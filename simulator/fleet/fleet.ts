import type { Clock } from '../../shared/ports/clock.ts';
import type { DeviceLink } from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { Tracing } from '../../shared/ports/tracing.ts';
import { agenda } from './agenda.ts';
import type { FaultSet } from './fault-set.ts';
import type { ObserveFleet } from './fleet-events.ts';
import type { VehicleSpec } from './make-fleet.ts';
import { defaultFleetOptions, type FleetOptions } from './options.ts';
import { VehicleHost } from './vehicle-host.ts';
import type { VehicleSnapshot } from './vehicle-snapshot.ts';
import { vehicleSpans } from './vehicle-spans.ts';
import type { VehicleStore } from './vehicle-store.ts';

export interface FleetDeps {
  readonly link: DeviceLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Keeps the vehicles outside the process; without it, they are new each time. */
  readonly store?: VehicleStore;
  /** Receives what happens to each vehicle. */
  readonly observe?: ObserveFleet;
  /** Absent: nothing is recorded. */
  readonly tracing?: Tracing;
}

export interface Fleet {
  /**
   * Resolves when every vehicle is ready for commands, or timed out. Times of faults count from then on, or from
   * `workloadAt` if that is later.
   */
  start(workloadAt?: number): Promise<void>;
  /** How many vehicles `start` has finished with: connected, kept offline by a fault, or timed out. */
  finishedCount(): number;
  /** Each vehicle publishes its status offline and disconnects; nothing runs afterwards. */
  stop(): Promise<void>;
  /** Throws for a VIN that is not in the fleet, which is a mistake of the caller; so do the following. */
  vehicle(vin: string): VehicleSnapshot;
  /** Off the network for `ms`, or with null until `restore`. */
  cut(vin: string, ms: number | null): void;
  restore(vin: string): void;
  restart(vin: string): void;
  /** Ends connectivity profiles and recorded outages: their vehicles reconnect. Other cuts last. */
  endOutages(): void;
  states(): VehicleSnapshot[];
  /** What goes wrong with a vehicle: may be changed at any time. */
  faults(vin: string): FaultSet;
  /** Ends the faults of all connections and their messages, and restarts that are still to come. */
  heal(): void;
  /** How often the faults of each name have struck. */
  faultCounts(): Readonly<Record<string, number>>;
  /** Messages that faults delay and that are not through yet. */
  heldMessages(): number;
}

/** Vehicles with a connection each and one timer for all of them. */
export function fleet(
  given: FleetDeps,
  vehicles: readonly VehicleSpec[],
  more: Partial<FleetOptions> = {},
): Fleet {
  const options = { ...defaultFleetOptions, ...more };
  const { clock, observe, tracing } = given;
  const deps = tracing?.isOn ? { ...given, observe: vehicleSpans(tracing, clock, observe) } : given;
  const shared = agenda(deps.clock);
  const hosts = new Map(
    vehicles.map((spec) => [spec.vin, new VehicleHost({ ...deps, agenda: shared, options }, spec)]),
  );
  if (hosts.size !== vehicles.length) throw new Error('fleet: a VIN appears twice');

  const hostOf = (vin: string): VehicleHost => {
    const host = hosts.get(vin);
    if (!host) throw new Error(`fleet: no vehicle ${vin}`);
    return host;
  };

  /** Ends the waits of `start` when the fleet is stopped meanwhile. */
  const waits = new Set<() => void>();
  let stopped = false;
  let finished = 0;

  /** Resolves when it is ready, or when patience is over. */
  const dial = (host: VehicleHost): Promise<void> =>
    new Promise((resolve) => {
      if (host.isAway || stopped) {
        resolve();
        return;
      }
      const end = () => {
        timer.cancel();
        waits.delete(end);
        resolve();
      };
      waits.add(end);
      const timer = shared.after(options.dialPatienceMs, () => {
        deps.log.warn('fleet.vehicle_slow', { vin: host.spec.vin });
        end();
      });
      void host.open().then(end);
    });

  return {
    async start(workloadAt = 0) {
      await inParallel([...hosts.values()], options.diallingMax, async (host) => {
        await dial(host);
        finished += 1;
      });
      // Only now: a fault's times count from the moment at which the fleet stands, however long dialling took.
      const schedule = () => {
        for (const host of hosts.values()) host.schedule();
      };
      const waitMs = workloadAt - deps.clock.now();
      if (waitMs > 0) shared.after(waitMs, schedule);
      else schedule();
      deps.log.info('fleet.started', { vehicles: hosts.size });
    },
    finishedCount: () => finished,
    async stop() {
      stopped = true;
      shared.clear();
      for (const end of waits) end();
      await inParallel([...hosts.values()], 200, (host) => host.close());
      shared.clear();
    },
    vehicle: (vin) => hostOf(vin).state,
    cut: (vin, ms) => hostOf(vin).cut(ms),
    restore: (vin) => hostOf(vin).restore(),
    restart: (vin) => hostOf(vin).restart(),
    endOutages() {
      for (const host of hosts.values()) host.endOutages();
    },
    faults: (vin) => hostOf(vin).faults,
    heal() {
      for (const host of hosts.values()) host.faults.heal();
    },
    faultCounts() {
      const counts: Record<string, number> = {};
      for (const { faults } of hosts.values())
        for (const [name, count] of faults.struck) counts[name] = (counts[name] ?? 0) + count;
      return counts;
    },
    heldMessages() {
      let count = 0;
      for (const host of hosts.values()) count += host.heldCount;
      return count;
    },
    states: () => [...hosts.values()].map((host) => host.state),
  };
}

/** Runs `work` for all items, at most `most` at once. */
async function inParallel<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}
