import type { RecordRow } from '../../gateway/store/schema.ts';
import { groupBy } from '../../shared/memory/group.ts';
import { traceIdOf } from '../../shared/protocol/activation-trace.ts';
import type { Certainty, Importance, Lane } from '../timeline/event.ts';
import type { ActivationLine } from './activation-line.ts';
import type { BrokerLog } from './broker-log.ts';
import type { CaseFile } from './case-file.ts';
import type { Evidence } from './evidence.ts';
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
  /** As a timeline shows it: who acts, and who receives what was sent. */
  readonly lane: Lane;
  readonly toLane?: Lane;
  readonly attempt?: number;
  /** Result that the entry reports; `unknown`: none came; `neutral`: it reports none. */
  readonly certainty: Certainty;
  /** 1: routine, 2: normal, 3: decides how the activation ends. */
  readonly importance: Importance;
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
      {
        ...{ at: file.row.requested_at, where: 'customer', what: `buys ${line.service} for ${line.vin}` },
        ...{ lane: 'customer', toLane: 'platform', certainty: 'neutral', importance: 3 },
      },
      ...(records.get(file.id) ?? []).flatMap((row) => recorded(evidence, row)),
      ...commandSightings(file, log),
      ...file.ledger.map(
        (entry): Sighting => ({
          at: entry.at,
          where: 'payments',
          what: `${entry.kind} ${money(entry.amountMinor, entry.currency)}`,
          ...{ lane: 'payments', certainty: 'succeeded', importance: entry.kind === 'authorised' ? 2 : 3 },
        }),
      ),
      ...file.tickets.map(
        ({ opened_at, priority, id }): Sighting => ({
          at: opened_at,
          where: 'support',
          what: `ticket ${id}, ${priority}`,
          ...{ lane: 'support', certainty: 'neutral', importance: 3 },
        }),
      ),
      ...(notices.get(file.id) ?? []).map(
        ({ at, channel, headline }): Sighting => ({
          at,
          where: channel === 'email' ? 'mail' : 'push',
          what: headline,
          ...{ lane: 'notifications', toLane: 'customer', certainty: 'succeeded', importance: 2 },
        }),
      ),
    ];
    const entries = sightings
      .toSorted((a, b) => a.at - b.at)
      .slice(0, entriesMax)
      .map(({ at, ...entry }) => ({ atMs: at - evidence.startedAt, ...entry }));
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
  const fields = JSON.parse(data) as RecordedFields;
  const { attempt, until } = fields;
  const wakeUp = { at, where: 'NATS', lane: 'nats', toLane: 'engine', certainty: 'neutral' } as const;
  if (name === 'queued_for_activation')
    return [{ ...wakeUp, importance: 1, what: 'a wake-up for the engine' }];
  if (name === 'waiting_backoff' && until !== undefined) {
    const what = `a wake-up for the engine in ${span(evidence, until - at)}`;
    return [{ ...wakeUp, importance: 1, what }];
  }
  const details = detailsOf(evidence, fields);
  const words = subject === 'activation' ? name : `${subject} ${name}`;
  const what = words.replaceAll('_', ' ');
  return [
    {
      ...{ at, where: 'platform', lane: 'engine' },
      what: details.length > 0 ? `${what} (${details.join(', ')})` : what,
      ...(attempt === undefined ? {} : { attempt }),
      ...resultOf(subject, name, fields),
    },
  ];
}

interface RecordedFields {
  readonly until?: number;
  readonly attempt?: number;
  readonly failure?: { readonly code: string; readonly mayHaveSucceeded?: boolean } | null;
  readonly message?: string | null;
  readonly delayMs?: number;
  readonly reason?: string;
}

function detailsOf(evidence: Evidence, fields: RecordedFields): string[] {
  const { attempt, failure, message, delayMs, reason } = fields;
  return [
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(failure ? [failure.code] : []),
    ...(message ? [message] : []),
    ...(delayMs === undefined ? [] : [`wait ${span(evidence, delayMs)}`]),
    ...(reason === undefined ? [] : [reason]),
  ];
}

function resultOf(
  subject: string,
  name: string,
  { failure }: RecordedFields,
): Pick<Sighting, 'certainty' | 'importance'> {
  if (subject !== 'activation') return { certainty: 'neutral', importance: 1 };
  if (name === 'active') return { certainty: 'succeeded', importance: 3 };
  if (name === 'failed' || name === 'declined') return { certainty: 'failed', importance: 3 };
  if (name === 'cancelled') return { certainty: 'neutral', importance: 3 };
  if (failure) return { certainty: failure.mayHaveSucceeded === true ? 'unknown' : 'failed', importance: 2 };
  return { certainty: 'neutral', importance: name === 'sending_command' ? 2 : 1 };
}

function commandSightings({ vin, commands }: CaseFile, log: BrokerLog): Sighting[] {
  const ids = new Map(commands.map(({ attempt, command }) => [command.id, attempt]));
  return [
    ...commands.flatMap(({ attempt, command }): Sighting[] => {
      const own = { where: 'API IoT', lane: 'api_iot', attempt, importance: 2 } as const;
      const { acceptedAt, endedAt, state } = command;
      const accepted: Sighting = {
        ...{ ...own, at: acceptedAt, toLane: 'broker', certainty: 'neutral' },
        what: `accepts the command of attempt ${attempt}`,
      };
      if (endedAt === null) return [accepted];
      const what = `the command of attempt ${attempt} ends ${state.replaceAll('_', ' ')}`;
      return [accepted, { ...own, at: endedAt, certainty: commandCertainty(state), what }];
    }),
    ...log.commands
      .filter((seen) => seen.vin === vin && ids.has(seen.message.id))
      .map(({ at, atVehicle, message }): Sighting => {
        const attempt = ids.get(message.id) ?? 0;
        return {
          ...{ at, where: 'MQTT', lane: 'broker', attempt, certainty: 'neutral', importance: 2 },
          ...(atVehicle ? { toLane: 'vehicle' } : {}),
          what: `the command of attempt ${attempt} ${atVehicle ? 'reaches the vehicle' : 'waits at the broker'}`,
        };
      }),
    ...log.results
      .filter((seen) => seen.vin === vin && ids.has(seen.message.commandId))
      .map(({ at, message: { commandId, results } }): Sighting => {
        const attempt = ids.get(commandId) ?? 0;
        const outcomes = results.map(({ outcome, reason }) => (reason ? `${outcome} (${reason})` : outcome));
        const isApplied = results.every(
          ({ outcome }) => outcome === 'applied' || outcome === 'already_active',
        );
        return {
          ...{ at, where: 'vehicle', lane: 'vehicle', toLane: 'broker', attempt, importance: 2 },
          certainty: isApplied ? 'succeeded' : 'failed',
          what: `answers attempt ${attempt}: ${outcomes.join(', ').replaceAll('_', ' ')}`,
        };
      }),
  ];
}

/** A command that timed out may have been applied. */
function commandCertainty(state: string): Certainty {
  if (state === 'applied') return 'succeeded';
  return state === 'timed_out' ? 'unknown' : 'failed';
}
