import type { FaultDesk } from './fault-desk.ts';
import { readFault } from './read-fault.ts';
import { faultOfToxic, type Toxic } from './toxic.ts';

/** The line of one vehicle as this surface shows it. */
export interface ProxyView {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly Toxic[];
}

/** What this surface did to a line. */
interface Line {
  /** The fault that keeps it down. */
  down: string | null;
  readonly toxics: Map<string, { readonly toxic: Toxic; readonly faultId: string }>;
}

export interface LineDeps {
  readonly desk: FaultDesk;
  /** The vehicles that there are, the broker that they are connected to, and where those listen that a proxy has. */
  readonly lines: {
    vins(): readonly string[];
    readonly upstream: string;
    listenOf?(vin: string): string | null;
  };
}

/** Each vehicle's line as a proxy of Toxiproxy, and its toxics as faults. Methods that can be refused return the reason. */
export class ToxicLines {
  readonly #deps: LineDeps;
  readonly #lines = new Map<string, Line>();

  constructor(deps: LineDeps) {
    this.#deps = deps;
  }

  /** Null for a VIN that is not in the fleet. */
  proxy(vin: string): ProxyView | null {
    return this.#deps.lines.vins().includes(vin) ? this.#view(vin) : null;
  }

  #view(vin: string): ProxyView {
    const { down } = this.#line(vin);
    const { upstream } = this.#deps.lines;
    return {
      name: vin,
      listen: this.#deps.lines.listenOf?.(vin) ?? `vehicle-${vin}`,
      upstream,
      enabled: down === null,
      toxics: this.toxics(vin),
    };
  }

  proxies(): ProxyView[] {
    return this.#deps.lines.vins().map((vin) => this.#view(vin));
  }

  toxics(vin: string): Toxic[] {
    return [...this.#line(vin).toxics.values()].map(({ toxic }) => toxic);
  }

  toxic(vin: string, name: string): Toxic | null {
    return this.#line(vin).toxics.get(name)?.toxic ?? null;
  }

  setEnabled(vin: string, isEnabled: boolean): string | null {
    const line = this.#line(vin);
    if (isEnabled && line.down !== null) {
      this.#deps.desk.remove(line.down);
      line.down = null;
    }
    if (isEnabled || line.down !== null) return null;
    const target = { selector: { vins: [vin] } };
    const placed = this.#place({ name: 'down', layer: 'link', type: 'offline', target });
    if ('reason' in placed) return placed.reason;
    line.down = placed.id;
    return null;
  }

  add(vin: string, toxic: Toxic): string | null {
    const placed = this.#place(faultOfToxic(toxic, vin));
    if ('reason' in placed) return placed.reason;
    this.#line(vin).toxics.set(toxic.name, { toxic, faultId: placed.id });
    return null;
  }

  /** In the place of the one of its name, which stays when the new one is refused. */
  replace(vin: string, toxic: Toxic): string | null {
    const before = this.#line(vin).toxics.get(toxic.name);
    const reason = this.add(vin, toxic);
    if (reason === null && before) this.#deps.desk.remove(before.faultId);
    return reason;
  }

  remove(vin: string, name: string): boolean {
    const { toxics } = this.#line(vin);
    const known = toxics.get(name);
    if (!known) return false;
    toxics.delete(name);
    return this.#deps.desk.remove(known.faultId);
  }

  /** Every line is up, and no toxic is left. */
  reset(): void {
    for (const [vin, { toxics }] of this.#lines) {
      this.setEnabled(vin, true);
      for (const name of [...toxics.keys()]) this.remove(vin, name);
    }
  }

  /** What `fleetwake fault clear` took is not here any more either. */
  #line(vin: string): Line {
    const { desk } = this.#deps;
    const line = this.#lines.get(vin) ?? { down: null, toxics: new Map() };
    this.#lines.set(vin, line);
    if (line.down !== null && !desk.find(line.down)) line.down = null;
    for (const [name, { faultId }] of line.toxics) if (!desk.find(faultId)) line.toxics.delete(name);
    return line;
  }

  #place(fault: object): { readonly id: string } | { readonly reason: string } {
    const reading = readFault(fault);
    if (!reading.ok) return { reason: reading.mistakes.join('; ') };
    const placing = this.#deps.desk.add(reading.record);
    return placing.ok ? { id: placing.fault.id } : { reason: placing.reason };
  }
}
