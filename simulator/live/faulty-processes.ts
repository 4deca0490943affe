import { wallClock } from '../../shared/live/clock.ts';
import { sleep } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { GatewayProcess as ProcessName } from '../faults/component-fault.ts';
import type { FaultyComponents } from '../faults/component-faults.ts';
import type { GatewayProcess } from './gateway-process.ts';

/** Between two tries of a process that cannot start yet. */
const startAgainMs = 1_000;

/** Processes of a gateway that faults kill, stop and start again. */
export interface FaultyProcesses {
  readonly faults: FaultyComponents['gateway'];
  isComingBack(): boolean;
  /** How long processes were away so far, all of it. */
  awayMs(): number;
  /** Ends all of them politely. None comes back any more. */
  stop(): Promise<void>;
}

export function faultyProcesses(
  processes: Readonly<Record<ProcessName, GatewayProcess>>,
  log: Log,
): FaultyProcesses {
  /** Process that is away → its last end: one that ends again comes back by that one. */
  const away = new Map<ProcessName, symbol>();
  const comingBack = new Set<Promise<void>>();
  const stopping = new AbortController();
  let awayMs = 0;

  /** Lets the process end, and brings it back, unless it has ended in another way meanwhile. */
  function bringBack(name: ProcessName, downMs: number, gone: () => Promise<unknown>): void {
    const mine = Symbol(name);
    away.set(name, mine);
    const since = wallClock.now();
    const isMine = () => !stopping.signal.aborted && away.get(name) === mine;
    const course = async () => {
      await gone();
      if (isMine()) await sleep(wallClock, downMs, stopping.signal);
      while (isMine()) {
        try {
          await processes[name].start();
          break;
        } catch (error) {
          if (!isMine()) break;
          log.warn('run.process_not_started', { process: name, error: String(error) });
          await sleep(wallClock, startAgainMs, stopping.signal);
        }
      }
      awayMs += wallClock.now() - since;
      if (isMine()) away.delete(name);
    };
    const back = course().finally(() => comingBack.delete(back));
    comingBack.add(back);
  }

  return {
    faults: {
      crash(name, downMs) {
        const process = processes[name];
        // One that is away stays so for as long as it was to.
        if (!stopping.signal.aborted && process.isRunning) bringBack(name, downMs, () => process.kill());
      },
      restart(name, downMs) {
        const process = processes[name];
        if (!stopping.signal.aborted && process.isRunning && !away.has(name))
          bringBack(name, downMs, () => process.stop());
      },
    },
    isComingBack: () => comingBack.size > 0,
    awayMs: () => awayMs,
    async stop() {
      stopping.abort();
      await Promise.all(comingBack);
      for (const process of [processes.platform, processes['api-iot']]) {
        if (process.isRunning) await process.stop();
      }
    },
  };
}
