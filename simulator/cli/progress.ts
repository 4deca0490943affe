import { phases as allPhases, finalPhases } from '../../gateway/activation/phase.ts';
import type { Progress } from '../run/run-context.ts';

const openPhases = allPhases.filter((phase) => !finalPhases.has(phase));

/** One line that says where a run stands. */
export function progressLine(progress: Progress): string {
  const { step, elapsedMs, vehiclesConnected, purchases, purchasesPlanned, phases } = progress;
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
  return done + open === 0 ? parts.slice(0, 4).join(' · ') : parts.join(' · ');
}

/** Shows progress on standard error: one line that is rewritten on a terminal, a plain line every few seconds elsewhere. */
export function progressWriter(stream: NodeJS.WriteStream, everyMs = 5_000) {
  let writtenAt = Number.NEGATIVE_INFINITY;
  let step = '';
  return {
    show(progress: Progress): void {
      const line = progressLine(progress);
      if (stream.isTTY) {
        stream.write(`\r\x1b[2K${line}`);
        return;
      }
      if (progress.step === step && progress.elapsedMs - writtenAt < everyMs) return;
      step = progress.step;
      writtenAt = progress.elapsedMs;
      stream.write(`${line}\n`);
    },
    end(): void {
      if (stream.isTTY) stream.write('\r\x1b[2K');
    },
  };
}
