import type { VehicleFaultRecord } from '../faults/fault.ts';
import type { FaultSet } from '../fleet/fault-set.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { VehicleSnapshot } from '../fleet/vehicle-snapshot.ts';
import { isOfLine, type VehicleLines } from '../line-proxy/vehicle-lines.ts';

/** The vehicles that faults of this process can affect: those that it simulates, and those behind its line proxy. */
export interface FaultTargets {
  all(): VehicleSnapshot[];
  /** Vehicles that a record can affect, before its target chooses among them. */
  of(record: VehicleFaultRecord): VehicleSnapshot[];
  /** The faults of one of them; null where no line is left for it. */
  faults(vin: string): FaultSet | null;
  /** Why a record affects none. */
  whyNone(record: VehicleFaultRecord): string;
}

/** A VIN that is simulated here stays the simulated one, if a client connects under it at the proxy as well. */
export function faultTargets(
  cars: Pick<Fleet, 'states' | 'faults'>,
  lines: Pick<VehicleLines, 'states' | 'candidates' | 'faults'> | null,
): FaultTargets {
  // A fleet's vehicles do not change.
  const simulated = new Set(cars.states().map(({ vin }) => vin));
  const foreign = (all: readonly VehicleSnapshot[] = []) => all.filter(({ vin }) => !simulated.has(vin));
  return {
    all: () => [...cars.states(), ...foreign(lines?.states())],
    of: (record) => [...cars.states(), ...foreign(lines?.candidates(record))],
    faults: (vin) => (simulated.has(vin) ? cars.faults(vin) : (lines?.faults(vin) ?? null)),
    whyNone(record) {
      const named = (record.target.selector.vins ?? []).find((vin) => !simulated.has(vin));
      if (lines !== null && named !== undefined && !isOfLine(record)) {
        return `${named} is no vehicle that Fleetwake simulates, so only faults of the layer link can affect it, and of the states only "connected" can begin them: choose such a fault, or a simulated vehicle`;
      }
      return 'no vehicle of this fleet fits the target: widen its selector, or raise its value';
    },
  };
}
