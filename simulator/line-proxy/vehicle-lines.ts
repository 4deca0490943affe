import { hasVinShape } from '../../shared/protocol/vin.ts';
import type { VehicleFaultRecord } from '../faults/fault.ts';
import type { FaultSet } from '../fleet/fault-set.ts';
import type { VehicleSnapshot } from '../fleet/vehicle-snapshot.ts';
import { type LineDeps, VehicleLine } from './vehicle-line.ts';

export interface VehicleLinesDeps extends LineDeps {
  /** Model of a VIN, or null where no known model has it. */
  readonly modelOf: (vin: string) => string | null;
  /** Default 20,000. */
  readonly lineMax?: number;
}

const lineMaxDefault = 20_000;
/** No region: the code that CLDR uses for one that is not known. */
const unknownRegion = 'ZZ';

/** Whether a fault can act on bytes alone: one of the link, which waits for no state but `connected`. */
export function isOfLine({ layer, target }: VehicleFaultRecord): boolean {
  const { state } = target.selector;
  return layer === 'link' && (state === undefined || state === 'connected');
}

/** The lines of vehicles that Fleetwake does not simulate, by VIN: those that have connected through the proxy, or have a fault. */
export class VehicleLines {
  readonly #deps: VehicleLinesDeps;
  readonly #lines = new Map<string, VehicleLine>();
  /** Connections that name no VIN: they pass, and no fault can name them. */
  readonly unnamed: VehicleLine;

  constructor(deps: VehicleLinesDeps) {
    this.#deps = deps;
    this.unnamed = new VehicleLine(deps, 'unnamed');
  }

  has(vin: string): boolean {
    return this.#lines.has(vin);
  }

  /** Returns the line of a VIN, a new one for its first connection or fault; null when there are too many. */
  line(vin: string): VehicleLine | null {
    const known = this.#lines.get(vin);
    if (known) return known;
    if (this.#lines.size >= (this.#deps.lineMax ?? lineMaxDefault) && !this.#dropIdle()) return null;
    const line = new VehicleLine(this.#deps, vin);
    this.#lines.set(vin, line);
    return line;
  }

  faults(vin: string): FaultSet | null {
    return this.line(vin)?.faults ?? null;
  }

  /** Vehicles that have connected, and those that the record names, where it can act on a line. */
  candidates(record: VehicleFaultRecord): VehicleSnapshot[] {
    if (!isOfLine(record)) return [];
    const named = record.target.selector.vins ?? [];
    const vins = new Set([...this.#lines.keys(), ...named.filter(hasVinShape)]);
    return [...vins].map((vin) => this.#snapshot(vin));
  }

  states(): VehicleSnapshot[] {
    return [...this.#lines.keys()].map((vin) => this.#snapshot(vin));
  }

  destroy(): void {
    for (const line of [...this.#lines.values(), this.unnamed]) line.destroy();
  }

  #snapshot(vin: string): VehicleSnapshot {
    const isConnected = this.#lines.get(vin)?.isConnected ?? false;
    return {
      vin,
      model: this.#deps.modelOf(vin) ?? 'unknown',
      region: unknownRegion,
      features: [],
      connected: isConnected,
      running: isConnected,
      displayed: [],
      resultsWaiting: 0,
      resultsLost: 0,
      refused: 0,
      isForeign: true,
    };
  }

  /** Forgets the oldest line that has neither a connection nor a fault. */
  #dropIdle(): boolean {
    for (const [vin, line] of this.#lines) {
      if (!line.isConnected && line.faults.entries.length === 0) return this.#lines.delete(vin);
    }
    return false;
  }
}
