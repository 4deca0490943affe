import type { Timer } from '../../shared/ports/clock.ts';
import type { Agenda } from './agenda.ts';

/** Why a vehicle is off the network: reasons by their names, each with an end of its own. It is back when none is left. */
export class Absences {
  readonly #agenda: Agenda;
  readonly #onBack: () => void;
  readonly #reasons = new Map<string, Timer | null>();

  constructor(agenda: Agenda, onBack: () => void) {
    this.#agenda = agenda;
    this.#onBack = onBack;
  }

  get isAway(): boolean {
    return this.#reasons.size > 0;
  }

  /** For `ms`, or with null until `end`. The same reason again replaces its end. */
  begin(reason: string, ms: number | null): void {
    this.#reasons.get(reason)?.cancel();
    this.#reasons.set(reason, ms === null ? null : this.#agenda.after(ms, () => this.end(reason)));
  }

  /** Harmless for a reason that does not stand. */
  end(reason: string): void {
    const timer = this.#reasons.get(reason);
    if (timer === undefined) return;
    timer?.cancel();
    this.#reasons.delete(reason);
    if (this.#reasons.size === 0) this.#onBack();
  }

  has(reason: string): boolean {
    return this.#reasons.has(reason);
  }
}
