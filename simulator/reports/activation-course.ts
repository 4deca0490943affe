import type { RecordRow } from '../../gateway/store/schema.ts';
import { traceIdOf } from '../../shared/protocol/activation-trace.ts';
import type { ActivationLine } from './activation-line.ts';
import type { BrokerLog } from './broker-log.ts';
import type { CaseFile } from './case-file.ts';
import type { Evidence } from './evidence.ts';
import { groupBy } from './group.ts';
import type { Reading } from './reading.ts';
import { money, span } from './verdict.ts';

/** Course of one activation from the purchase to its end, from all evidence sources, in order of time. */
export interface ActivationCourse {
  readonly purchase: string;
  readonly activation: string;
  readonly why: 'failed' | 'slow';
  /** From its MQTT commands; null without one. */
  readonly traceId: string | null;
  readonly entries: readonly CourseEntry[];
}

export interface CourseEntry {
  /** Milliseconds of the run after the first moment of the workload. */
  readonly atMs: number;
  readonly where:
    | 'customer'
    | 'platform'
    | 'NATS'
    | 'API IoT'
    | 'MQTT'
    | 'vehicle'
    | 'payments'
    | 'support'
    | 'mail'
    | 'push';
  readonly what: string;
}

const failedMax = 20;
const slowMax = 10;
const entriesMax = 200;

/** The first failed activations (20), and those that took longest to become active (10). */
export function notableCourses(
  evidence: Evidence,
  reading: Reading,
  lines: readonly ActivationLine[],
): ActivationCourse[] {
  const failed = lines.filter(({ outcome }) => outcome === 'failed').slice(0, failedMax);
  const slow = lines
    .filter(({ outcome, tookMs }) => outcome === 'active' && tookMs !== null)
    .toSorted((a, b) => (b.tookMs ?? 0) - (a.tookMs ?? 0))
    .slice(0, slowMax);
  const tell = teller(evidence, reading);
  return [...failed.flatMap((line) => tell(line, 'failed')), ...slow.flatMap((line) => tell(line, 'slow'))];
}

function teller(evidence: Evidence, { sold, log, notices: seen }: Reading) {
  const byId = new Map(sold.map((file) => [file.id, file]));
  const records = groupBy(evidence.database.record, (row) => row.activation_id);
  const notices = groupBy(seen, (notice) => notice.row?.activation_id ?? null);
  return (line: ActivationLine, why: ActivationCourse['why']): ActivationCourse[] => {
    const file = byId.get(line.activation ?? '');
    if (!file) return [];
    const sightings: Sighting[] = [
      { at: file.row.requested_at, where: 'customer', what: `buys ${line.service} for ${line.vin}` },
      ...(records.get(file.id) ?? []).flatMap((row) => recorded(evidence, row)),
      ...commandSightings(file, log),
      ...file.ledger.map(
        (entry): Sighting => ({
          at: entry.at,
          where: 'payments',
          what: `${entry.kind} ${money(entry.amountMinor, entry.currency)}`,
        }),
      ),
      ...file.tickets.map(
        ({ opened_at, priority, id }): Sighting => ({
          at: opened_at,
          where: 'support',
          what: `ticket ${id}, ${priority}`,
        }),
      ),
      ...(notices.get(file.id) ?? []).map(
        ({ at, channel, headline }): Sighting => ({
          at,
          where: channel === 'email' ? 'mail' : 'push',
          what: headline,
        }),
      ),
    ];
    const entries = sightings
      .toSorted((a, b) => a.at - b.at)
      .slice(0, entriesMax)
      .map(({ at, where, what }) => ({ atMs: at - evidence.startedAt, where, what }));
    return [{ purchase: line.purchase, activation: file.id, why, traceId: traceOf(file, log), entries }];
  };
}

/** Every command of an activation carries the same one. */
function traceOf({ commands }: CaseFile, log: BrokerLog): string | null {
  const ids = new Set(commands.map(({ command }) => command.id));
  return traceIdOf(log.commands.find(({ message }) => ids.has(message.id))?.message.traceparent);
}

interface Sighting extends Omit<CourseEntry, 'atMs'> {
  readonly at: number;
}

/** The platform's own record; what a ledger, a desk or a sink says better is left to them. */
function recorded(evidence: Evidence, { type, at, data }: RecordRow): Sighting[] {
  const [subject = '', name = ''] = type.split('.');
  if (subject !== 'activation' && subject !== 'vehicle' && subject !== 'revocation') return [];
  const { attempt, failure, message, delayMs, reason, until } = JSON.parse(data) as {
    until?: number;
    attempt?: number;
    failure?: { code: string } | null;
    message?: string | null;
    delayMs?: number;
    reason?: string;
  };
  if (name === 'queued_for_activation') return [{ at, where: 'NATS', what: 'a wake-up for the engine' }];
  if (name === 'waiting_backoff' && until !== undefined) {
    return [{ at, where: 'NATS', what: `a wake-up for the engine in ${span(evidence, until - at)}` }];
  }
  const details = [
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(failure ? [failure.code] : []),
    ...(message ? [message] : []),
    ...(delayMs === undefined ? [] : [`wait ${span(evidence, delayMs)}`]),
    ...(reason === undefined ? [] : [reason]),
  ];
  const words = subject === 'activation' ? name : `${subject} ${name}`;
  const what = words.replaceAll('_', ' ');
  return [{ at, where: 'platform', what: details.length > 0 ? `${what} (${details.join(', ')})` : what }];
}

function commandSightings({ vin, commands }: CaseFile, log: BrokerLog): Sighting[] {
  const ids = new Map(commands.map(({ attempt, command }) => [command.id, attempt]));
  return [
    ...commands.flatMap(({ attempt, command }): Sighting[] => [
      { at: command.acceptedAt, where: 'API IoT', what: `accepts the command of attempt ${attempt}` },
      ...(command.endedAt === null
        ? []
        : [
            {
              at: command.endedAt,
              where: 'API IoT' as const,
              what: `the command of attempt ${attempt} ends ${command.state.replaceAll('_', ' ')}`,
            },
          ]),
    ]),
    ...log.commands
      .filter((seen) => seen.vin === vin && ids.has(seen.message.id))
      .map(
        ({ at, atVehicle, message }): Sighting => ({
          at,
          where: 'MQTT',
          what: `the command of attempt ${ids.get(message.id)} ${atVehicle ? 'reaches the vehicle' : 'waits at the broker'}`,
        }),
      ),
    ...log.results
      .filter((seen) => seen.vin === vin && ids.has(seen.message.commandId))
      .map(
        ({ at, message }): Sighting => ({
          at,
          where: 'vehicle',
          what: `answers attempt ${ids.get(message.commandId)}: ${message.results
            .map(({ outcome, reason }) => (reason ? `${outcome} (${reason})` : outcome))
            .join(', ')
            .replaceAll('_', ' ')}`,
        }),
      ),
  ];
}
