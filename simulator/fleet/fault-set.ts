import type { Timer } from '../../shared/ports/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { StandingFault, VehicleFaultType } from '../faults/fault.ts';
import type { VehicleState } from '../faults/fault-target.ts';
import type { Agenda } from './agenda.ts';
import { CommandCounter, type CountedCommand, isSelected } from './command-counter.ts';
import { isByMessage, losses, perConnection, unitFaultTypes, weakening } from './fault-kinds.ts';

type ByType = { readonly [Type in VehicleFaultType]: Extract<StandingFault, { readonly type: Type }> };
type Of<Type extends VehicleFaultType> = ByType[Type];
type AttributesByType = { readonly [Type in VehicleFaultType]: ByType[Type]['attributes'] };
type AttributesOf<Type extends VehicleFaultType> = AttributesByType[Type];
type Stream = 'upstream' | 'downstream';

/** One fault of one vehicle, while it is there. */
export interface FaultEntry {
  readonly id: string;
  readonly fault: StandingFault;
  /** Its window is open. */
  isOpen: boolean;
  /** The draw of its toxicity, for what stands and does not strike by the message. */
  holds: boolean;
  /** Which of its windows is or was the last one, from 1. */
  window: number;
  /** Messages and commands that it could have struck, those before `schedule.from` included. */
  met: number;
  /** Messages and commands that it struck, or windows that it had. */
  struck: number;
  timer: Timer | null;
  /** When its next window opens, where that is known. */
  opensAt: number | null;
}

/** What a fault that stands does to the vehicle when a window that holds opens and closes. */
export interface FaultEffects {
  opened(entry: FaultEntry): void;
  closed(entry: FaultEntry): void;
}

/** At most so many on one vehicle: a control surface may not fill the memory. */
export const faultsMax = 100;

/**
 * Faults of one vehicle by their ids. A schedule counts from `begin`, or from the moment of adding if that is later; a fault
 * without one takes effect at once.
 */
export class FaultSet {
  readonly #agenda: Agenda;
  readonly #random: () => Random;
  readonly #effects: FaultEffects;
  readonly #entries = new Map<string, FaultEntry>();
  /** Counts from the first fault that meets messages. */
  readonly commands = new CommandCounter();
  readonly #struck = new Map<string, number>();
  #begun: boolean = false;
  #onLine = 0;

  constructor(deps: {
    readonly agenda: Agenda;
    /** Asked for when something is drawn for the first time. */
    readonly random: () => Random;
    readonly effects: FaultEffects;
  }) {
    this.#agenda = deps.agenda;
    this.#random = deps.random;
    this.#effects = deps.effects;
  }

  /** Something here meets the connection or its messages. */
  get meetsLine(): boolean {
    return this.#onLine > 0;
  }

  get entries(): readonly FaultEntry[] {
    return [...this.#entries.values()];
  }

  /** How often the faults of each name have struck, those included that were removed. */
  get struck(): ReadonlyMap<string, number> {
    return this.#struck;
  }

  find(id: string): FaultEntry | null {
    return this.#entries.get(id) ?? null;
  }

  /** Throws when the vehicle has `faultsMax` already, which the caller has to prevent. */
  add(id: string, fault: StandingFault): void {
    if (this.#entries.size >= faultsMax) throw new Error(`a vehicle has at most ${faultsMax} faults`);
    const entry: FaultEntry = {
      id,
      fault,
      isOpen: false,
      holds: false,
      window: 0,
      met: 0,
      struck: 0,
      ...{ timer: null, opensAt: null },
    };
    this.#entries.set(id, entry);
    if (isOnLine(fault)) this.#onLine += 1;
    if (fault.state !== undefined) return;
    if (this.#begun) this.#schedule(entry);
    else if (!isTimed(fault)) this.#open(entry, null);
  }

  /** Starts the schedules. */
  begin(): void {
    this.#begun = true;
    for (const entry of this.#entries.values()) {
      if (entry.fault.state === undefined && isTimed(entry.fault)) this.#schedule(entry);
    }
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.timer?.cancel();
    this.#entries.delete(id);
    if (isOnLine(entry.fault)) this.#onLine -= 1;
    this.#close(entry);
  }

  /**
   * Ends the faults of the connection and of its messages, and restarts that are still to come. What was delayed arrives at its
   * moment; control units and the clock stay as they are.
   */
  heal(): void {
    for (const { id, fault } of this.entries)
      if (isOnLine(fault) || fault.type === 'restart') this.remove(id);
  }

  /** Removes the faults that the control unit of this feature has. */
  endUnitFaults(feature: string): void {
    for (const { id, fault } of this.entries)
      if (
        unitFaultTypes.has(fault.type) &&
        'feature' in fault.attributes &&
        fault.attributes.feature === feature
      )
        this.remove(id);
  }

  /** The vehicle is in this state now: windows that wait for it open. */
  enter(state: VehicleState): void {
    for (const entry of [...this.#entries.values()]) {
      if (entry.fault.state !== state || entry.isOpen) continue;
      this.#open(entry, entry.fault.schedule?.forMs ?? null);
    }
  }

  /**
   * What the first fault of this type that strikes now says; null when none does. Each asks its toxicity once. `command`:
   * the one that the message carries or answers.
   */
  strike<Type extends VehicleFaultType>(
    type: Type,
    accepts: (fault: Of<Type>) => boolean = () => true,
    command: CountedCommand | null = null,
  ): AttributesOf<Type> | null {
    for (const entry of this.#entries.values()) {
      const { fault } = entry;
      if (!isOf(type, fault) || !entry.isOpen || !accepts(fault)) continue;
      if (fault.commands !== undefined && !isSelected(fault.commands, command)) continue;
      if (entry.struck >= (fault.schedule?.first ?? Number.POSITIVE_INFINITY)) continue;
      entry.met += 1;
      if (entry.met < (fault.schedule?.from ?? 1) || !this.#draw(fault.toxicity)) continue;
      this.#count(entry);
      return fault.attributes as AttributesOf<Type>;
    }
    return null;
  }

  /** What faults of this type that stand now say. */
  standing<Type extends VehicleFaultType>(type: Type, stream?: Stream): AttributesOf<Type>[] {
    const all: AttributesOf<Type>[] = [];
    for (const { fault, isOpen, holds } of this.#entries.values()) {
      if (!isOf(type, fault) || !isOpen || !holds) continue;
      if (stream === undefined || !('stream' in fault) || fault.stream === stream) {
        all.push(fault.attributes as AttributesOf<Type>);
      }
    }
    return all;
  }

  /** When a fault takes the vehicle off the network next, where that is known. */
  nextLossAt(): number | null {
    let next: number | null = null;
    for (const { fault, opensAt, struck } of this.#entries.values()) {
      const isOver = struck >= (fault.schedule?.first ?? Number.POSITIVE_INFINITY);
      if (opensAt !== null && !isOver && losses.has(fault.type)) next = Math.min(next ?? opensAt, opensAt);
    }
    return next;
  }

  /** Whether a fault makes the connection slow or lossy now. */
  weakens(): boolean {
    for (const { fault, isOpen, holds } of this.#entries.values())
      if (isOpen && holds && weakening.has(fault.type)) return true;
    return false;
  }

  /** A new connection: what is drawn once a connection is drawn again. */
  renew(): void {
    for (const entry of this.#entries.values()) {
      if (perConnection.has(entry.fault.type) && entry.isOpen) entry.holds = this.#draw(entry.fault.toxicity);
    }
  }

  #count(entry: FaultEntry): void {
    entry.struck += 1;
    const { name } = entry.fault;
    this.#struck.set(name, (this.#struck.get(name) ?? 0) + 1);
  }

  #draw(toxicity: number): boolean {
    return toxicity >= 1 || this.#random().fraction() < toxicity;
  }

  #schedule(entry: FaultEntry): void {
    const { afterMs = 0, forMs, everyMs } = entry.fault.schedule ?? {};
    const open = () => {
      entry.opensAt = everyMs === undefined ? null : this.#agenda.now() + everyMs;
      // Before its effects: one of them may end the vehicle's connection, and with it this very turn.
      if (everyMs !== undefined) this.#agenda.after(everyMs, again);
      this.#open(entry, forMs ?? null);
    };
    const again = () => {
      if (this.#entries.get(entry.id) === entry) open();
    };
    if (afterMs <= 0) {
      open();
      return;
    }
    entry.opensAt = this.#agenda.now() + afterMs;
    entry.timer = this.#agenda.after(afterMs, open);
  }

  #open(entry: FaultEntry, forMs: number | null): void {
    const { fault } = entry;
    const counts = !isByMessage(fault.type);
    if (counts && entry.struck >= (fault.schedule?.first ?? Number.POSITIVE_INFINITY)) return;
    entry.isOpen = true;
    entry.window += 1;
    entry.holds = !counts || this.#draw(fault.toxicity);
    if (counts && entry.holds) this.#count(entry);
    if (forMs !== null) entry.timer = this.#agenda.after(forMs, () => this.#close(entry));
    if (entry.holds) this.#effects.opened(entry);
  }

  #close(entry: FaultEntry): void {
    if (!entry.isOpen) return;
    entry.isOpen = false;
    if (entry.holds) this.#effects.closed(entry);
  }
}

function isTimed({ layer, type, schedule }: StandingFault): boolean {
  const { afterMs, forMs, everyMs } = schedule ?? {};
  // A vehicle that cannot be reached or restarts has been there before, and a control unit is changed in one that was there.
  const isChanged = type === 'feature_lost' || type === 'feature_gained' || type === 'restart';
  const needsFleet = layer === 'link' || type === 'asleep' || type === 'wedged' || isChanged;
  return needsFleet || afterMs !== undefined || forMs !== undefined || everyMs !== undefined;
}

function isOnLine({ layer }: StandingFault): boolean {
  return layer === 'link' || layer === 'message';
}

function isOf<Type extends VehicleFaultType>(type: Type, fault: StandingFault): fault is Of<Type> {
  return fault.type === type;
}
