import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SteadyState, SteadyTime } from './steady-time.ts';

const bootIdFile = '/proc/sys/kernel/random/boot_id';

interface Saved extends SteadyState {
  /** The monotonic clock begins anew with each start of the machine. */
  readonly bootId: string;
}

/**
 * Lets the processes on a data folder, one after the other or side by side, continue at one time after a jump of the wall clock:
 * what one stored as due is due at the same moment for the other. Does nothing on a system without a boot id.
 */
export function shareTime(time: SteadyTime, dataFolder: string): { stop(): Promise<void> } {
  const file = join(dataFolder, 'clock.json');
  const bootId = readText(bootIdFile)?.trim();
  if (bootId !== undefined) {
    const save = (state: SteadyState) => writeWhole(file, { ...state, bootId });
    const saved = savedIn(file);
    if (saved?.bootId === bootId) time.adopt(saved);
    save(time.state());
    time.onJump = save;
  }
  return {
    async stop() {
      time.onJump = () => {};
    },
  };
}

function savedIn(file: string): Saved | null {
  try {
    const saved = JSON.parse(readText(file) ?? 'null') as Saved | null;
    const numbers = [
      saved?.offsetMs,
      saved?.sinceMs,
      saved?.wallMinusMonotonicMs,
      saved?.uptimeMinusMonotonicMs,
    ];
    return numbers.every(Number.isFinite) ? saved : null;
  } catch {
    return null;
  }
}

/** If the folder cannot be written, time continues; only a process that starts later does not know it. */
function writeWhole(file: string, saved: Saved): void {
  try {
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(saved)}\n`, { mode: 0o600 });
    renameSync(draft, file);
  } catch {
    // As above.
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
