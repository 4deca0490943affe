import type { Command } from 'commander';
import type { RecordEntry } from '../../gateway/platform/record-view.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { firstSignal } from '../../shared/live/signals.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { eventStreamAt } from '../live/event-stream.ts';
import { StreamRefused, tailEvents } from '../run/event-tail.ts';
import { addressOf } from './addresses.ts';
import { exitCodes, UsageError } from './exit.ts';
import { knownKeys } from './known-keys.ts';
import { gatewayConfig } from './options.ts';
import { noPlatform, type PlatformFlags, withPlatformOptions, withSecretsOf } from './platform.ts';
import { countOf } from './whole-number.ts';

interface EventsFlags extends PlatformFlags {
  readonly after?: string;
  readonly purchase?: string;
  readonly count?: string;
  readonly json?: true;
}

/** Sequences are counted in safe integers. */
const sequenceMax = 999_999_999_999_999;

/** `fleetwake events`: what happens at a platform, as it happens, until a signal. */
export function addEvents(program: Command): void {
  const command = program
    .command('events')
    .description('follow what happens at a running platform, across lost connections, until a signal')
    .option('--after <sequence>', 'start after this event, 0 with the first; default: with what comes next')
    .option('--purchase <id>', 'only the events of this purchase')
    .option('--count <number>', 'end after so many events')
    .option('--json', 'print JSON, one event per line');
  withPlatformOptions(command).action(async (flags: EventsFlags) => {
    process.exitCode = await follow(flags);
  });
}

async function follow(flags: EventsFlags): Promise<number> {
  const after = flags.after === undefined ? null : countOf('--after', flags.after, sequenceMax);
  const countMax =
    flags.count === undefined ? Number.POSITIVE_INFINITY : countOf('--count', flags.count, sequenceMax, 1);
  const { data } = gatewayConfig(flags, process.env);
  const origin = addressOf('platformUrl', flags);
  const open = eventStreamAt(await knownKeys(data), origin);
  const ending = new AbortController();
  const end = () => ending.abort();
  const signal = firstSignal(() => {});
  void signal.promise.then(end);
  // The reader has left, as `| head` does.
  process.stdout.once('error', end);
  let count = 0;
  const tail = tailEvents({
    ...{ clock: wallClock, open, after, signal: ending.signal },
    onEvent(entry) {
      if (flags.purchase !== undefined && entry.purchaseId !== flags.purchase) return;
      process.stdout.write(flags.json ? `${JSON.stringify(entry)}\n` : eventLine(entry));
      count += 1;
      if (count >= countMax) end();
    },
    onLost(reason, last) {
      const place = last === null ? '' : ` after event ${last}`;
      process.stderr.write(`fleetwake: the connection was lost (${reason}); connecting again${place}\n`);
    },
  });
  try {
    await withSecretsOf(data, tail);
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof TransportError) throw noPlatform('platform', origin, error.message);
    if (error instanceof StreamRefused) throw new UsageError(error.message);
    throw error;
  } finally {
    process.stdout.off('error', end);
    signal.dispose();
  }
}

/** One line for people: when, of which purchase, who, what and why. */
export function eventLine({ at, purchaseId, actor, what, cause }: RecordEntry): string {
  const why = cause === null ? '' : ` (${cause})`;
  return `${isoText(at)}  ${purchaseId ?? '-'}  ${actor}  ${what}${why}\n`;
}
