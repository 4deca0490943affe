import type { Clock } from '../../shared/ports/clock.ts';
import { integerBetween, type Random } from '../../shared/ports/random.ts';
import type { Agenda } from './agenda.ts';

interface TelemetryOptions {
  readonly agenda: Agenda;
  readonly clock: Clock;
  readonly random: Random;
  readonly everyMs: number;
  /** Whether a message would reach the broker; without it the vehicle moves on when it can send again. */
  readonly canSend: () => boolean;
  /** Lets the vehicle drive on for `elapsedMs` and report. */
  readonly send: (tick: {
    readonly now: number;
    readonly elapsedMs: number;
    readonly draws: number[];
  }) => void;
}

/** A tenth of jitter, so that a fleet that began together does not report together for ever. */
const jitter = 0.1;

/** Sends telemetry every `everyMs`, the first time after a random part of it. */
export function startTelemetry({ agenda, clock, random, everyMs, canSend, send }: TelemetryOptions): void {
  let sentAt = clock.now();
  const tick = () => {
    const now = clock.now();
    if (canSend()) {
      const draws = [random.fraction(), random.fraction(), random.fraction(), random.fraction()];
      const elapsedMs = Math.max(0, now - sentAt);
      sentAt = now;
      send({ now, elapsedMs, draws });
    }
    agenda.after(everyMs + Math.round(everyMs * jitter * (random.fraction() * 2 - 1)), tick);
  };
  agenda.after(integerBetween(random, 0, everyMs), tick);
}
