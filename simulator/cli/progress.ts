import { phases as allPhases, finalPhases } from '../../gateway/activation/phase.ts';
import { wallClock } from '../../shared/live/clock.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { uncompressedTime } from '../reports/scenario-time.ts';
import type { Progress } from '../run/run-context.ts';

const openPhases = allPhases.filter((phase) => !finalPhases.has(phase));

/** One line that says where a run stands. */
export function progressLine(progress: Progress): string {
  const { step, elapsedMs, vehiclesConnected, purchases, purchasesPlanned, phases, remaining } = progress;
  const count = (...names: string[]) => names.reduce((sum, name) => sum + (phases[name] ?? 0), 0);
  const done = count('active', 'failed', 'cancelled', 'declined');
  const open = count(...openPhases);
  const parts = [
    `${(elapsedMs / 1_000).toFixed(0).padStart(3)} s`,
    step,
    `${vehiclesConnected} vehicles connected`,
    `${purchases}/${purchasesPlanned} purchases`,
    `${count('active')} active`,
    `${count('failed')} failed`,
    `${open} open`,
  ];
  const shown = done + open === 0 ? parts.slice(0, 4) : parts;
  const left = remaining === null ? [] : [remainingText(remaining)];
  return [...shown, ...left].join(' · ');
}

function remainingText({ until, ms }: NonNullable<Progress['remaining']>): string {
  const time = uncompressedTime(ms);
  if (until === 'all vehicles are connected') return `${until} in about ${time}`;
  return until === 'everything has ended' ? `${until} in ${time} at most` : `${until} in ${time}`;
}

/** Real time between two lines where it is no terminal that is written to. */
const everyMs = 4_000;

/** Shows progress on standard error: one line that is rewritten on a terminal, a plain line at least every five seconds elsewhere. */
export function progressWriter(stream: NodeJS.WriteStream, clock: Pick<Clock, 'now'> = wallClock) {
  let writtenAt = Number.NEGATIVE_INFINITY;
  let step = '';
  return {
    show(progress: Progress): void {
      const line = progressLine(progress);
      if (stream.isTTY) {
        stream.write(`\r\x1b[2K${line}`);
        return;
      }
      const now = clock.now();
      if (progress.step === step && now - writtenAt < everyMs) return;
      step = progress.step;
      writtenAt = now;
      stream.write(`${line}\n`);
    },
    end(): void {
      if (stream.isTTY) stream.write('\r\x1b[2K');
    },
  };
}
