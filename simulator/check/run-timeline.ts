import type { TraceLine } from '../../shared/virtual/trace.ts';
import { attemptKey } from '../reports/case-file.ts';
import { faultSchedules } from '../reports/fault-windows.ts';
import type { FaultSpan, Timeline, TimelineEvent } from '../timeline/event.ts';
import type { Move } from './activation-changes.ts';
import type { TestCaseRun } from './test-case-run.ts';
import { newNames } from './timeline.ts';
import { type Attribution, type Fields, lineEvent } from './trace-events.ts';

/** What a timeline is made from. */
type TimelineRun = Pick<TestCaseRun, 'trace' | 'evidence'> & { readonly moves: readonly Move[] };

/** Returns a run in virtual time as a timeline: an event of each line of the trace that a reader wants, called by the line's number. */
export function runTimeline(run: TimelineRun, title: string): Timeline {
  const name = newNames();
  const context = attributionOf(run, name);
  const events = run.trace.flatMap((line, index): TimelineEvent[] => {
    const event = lineEvent(line, context);
    return event === null ? [] : [{ id: `t${index}`, atMs: line.at, ...event }];
  });
  return { title, events: [...events, ...ticketEvents(run, name)], faults: faultSpans(run, name) };
}

/** Whose a command, a payment or a vehicle is: by evidence, and by the saved changes up to the line that is read. */
function attributionOf(
  { moves, evidence }: Pick<TimelineRun, 'moves' | 'evidence'>,
  name: (text: string) => string,
): Attribution {
  const commands = new Map(
    evidence.apiIot.flatMap(({ id, key }) => {
      const owner = attemptKey(key);
      return owner === null ? [] : [[id, owner] as const];
    }),
  );
  const payments = new Map(
    evidence.ledger.map(({ paymentId, activationId }) => [paymentId, activationId] as const),
  );
  const sending = new Map<string, { readonly activationId: string; readonly attempt: number }>();
  let moveIndex = 0;
  return {
    name,
    commandOwner: (id) => commands.get(id) ?? null,
    paymentOwner: (id) => payments.get(id) ?? null,
    sender: (vin) => sending.get(vin) ?? null,
    /** The trace has a line of each saved change, in their order. */
    nextMove() {
      const move = moves[moveIndex] ?? null;
      moveIndex += 1;
      if (move?.after.phase === 'sending_command')
        sending.set(move.after.vin, { activationId: move.id, attempt: move.after.attempts.length });
      return move;
    },
  };
}

function ticketEvents({ evidence }: Pick<TestCaseRun, 'evidence'>, name: (text: string) => string) {
  return evidence.database.tickets.map(
    ({ id, opened_at, priority, activation_id }): TimelineEvent => ({
      id: `ticket ${name(id)}`,
      atMs: opened_at - evidence.startedAt,
      ...{ lane: 'support', certainty: 'neutral', importance: 3 },
      title: `ticket ${name(id)} opened, ${priority}`,
      activation: name(activation_id),
      details: { ticket: id },
    }),
  );
}

function faultSpans(
  { trace, evidence }: Pick<TestCaseRun, 'trace' | 'evidence'>,
  name: (text: string) => string,
): FaultSpan[] {
  const services = faultSchedules(evidence).services.map(
    ({ where, name: fault, fromMs, toMs }): FaultSpan => ({ title: `${where}: ${fault}`, fromMs, toMs }),
  );
  return [...services, ...vehicleFaults(trace, name), ...crashes(trace)];
}

function vehicleFaults(trace: readonly TraceLine[], name: (text: string) => string): FaultSpan[] {
  return spansOf(trace, {
    begins: ({ event }) => event === 'vehicle.fault_begins',
    ends: ({ event }) => event === 'vehicle.fault_ends',
    keyOf: ({ vin, fault }) => `${vin}: ${fault}`,
    titleOf: (key) => name(key),
  });
}

/** A crash at a step has no hour in the plan. */
function crashes(trace: readonly TraceLine[]): FaultSpan[] {
  return spansOf(trace, {
    begins: ({ process, event }) => process === 'fault' && event === 'crash',
    ends: ({ process, event }) => process === 'fault' && event === 'comes back',
    keyOf: ({ process }) => String(process),
    titleOf: (process) => `parts: ${process} crashed`,
  });
}

function spansOf(
  trace: readonly TraceLine[],
  of: {
    readonly begins: (line: TraceLine) => boolean;
    readonly ends: (line: TraceLine) => boolean;
    readonly keyOf: (fields: Fields) => string;
    readonly titleOf: (key: string) => string;
  },
): FaultSpan[] {
  const open = new Map<string, number>();
  const spans: FaultSpan[] = [];
  for (const line of trace) {
    const key = of.keyOf(line.fields);
    if (of.begins(line)) open.set(key, line.at);
    const fromMs = open.get(key);
    if (!of.ends(line) || fromMs === undefined) continue;
    open.delete(key);
    spans.push({ title: of.titleOf(key), fromMs, toMs: line.at });
  }
  for (const [key, fromMs] of open) spans.push({ title: of.titleOf(key), fromMs, toMs: null });
  return spans;
}
