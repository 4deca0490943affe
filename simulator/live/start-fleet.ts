import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { connectingMs } from '../fleet/connecting.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { uncompressedTime } from '../reports/scenario-time.ts';

/** Time between two lines. */
const everyMs = 4_000;

/** Connects a fleet, and says every four seconds how far it is; a small one connects before the first line. */
export async function startFleet(
  fleet: Pick<Fleet, 'start' | 'states' | 'finishedCount'>,
  { clock, say }: { readonly clock: Clock; readonly say: (line: string) => void },
): Promise<void> {
  const beganAt = clock.now();
  const connected = new AbortController();
  const { signal } = connected;
  const saying = (async () => {
    for (;;) {
      await sleep(clock, everyMs, signal);
      if (signal.aborted) return;
      say(lineOf(fleet, clock.now() - beganAt));
    }
  })();
  try {
    await fleet.start();
  } finally {
    connected.abort();
    await saying;
  }
}

function lineOf(fleet: Pick<Fleet, 'states' | 'finishedCount'>, intoMs: number): string {
  const states = fleet.states();
  const ready = states.filter((state) => state.connected).length;
  const leftMs = connectingMs(fleet.finishedCount(), states.length, intoMs);
  const left = leftMs === null ? '' : ` · all are connected in about ${uncompressedTime(leftMs)}`;
  return `connecting · ${ready} of ${states.length} vehicles${left}`;
}
