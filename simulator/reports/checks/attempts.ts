import type { Failure } from '../../../gateway/activation/failure.ts';
import type { RecordRow } from '../../../gateway/store/schema.ts';
import { groupBy } from '../../../shared/memory/group.ts';
import type { Plan } from '../../scenarios/plan.ts';
import type { Constants } from '../../scenarios/scenario.ts';
import type { BrokerLog } from '../broker-log.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence } from '../evidence.ts';
import { attemptMax, leastGapMs, waitBeforeMs } from '../expectations.ts';
import { type Reading, readingOf } from '../reading.ts';
import { slackOf } from '../slack.ts';
import { span, type Verdict, verdict } from '../verdict.ts';

const rule = {
  id: 6,
  title: 'Attempts: within the limit, not before the back-off ends, only one after a permanent failure',
};

/**
 * Longest time from a vehicle's refusal until the engine receives it, in which an attempt may still be sent, where the evidence does
 * not say it: on real parts as long as a slow machine may take, and one second at the least.
 */
const newsLeastMs = 1_000;

/**
 * Rule 6, from the commands that the API IoT accepted, the vehicles' refusals in the broker's log, and the record. The
 * ledger counts the activations: those whose payment was confirmed.
 */
export function attempts(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const { plan } = evidence;
  const { constants } = plan;
  const paid = new Set(evidence.ledger.map((entry) => entry.activationId));
  const files = reading.sold.filter((file) => file.ledger.length > 0);
  const records = groupBy(evidence.database.record, (row) => row.activation_id);
  const refusals = refusedAt(reading.log);
  return verdict(
    rule,
    files.length,
    { count: paid.size, name: 'activations whose payment the ledger confirmed' },
    files.flatMap((file) => {
      const steps = stepsOf(records.get(file.id) ?? []);
      return [
        ...judgeCommands(file, plan),
        ...judgeSteps(file.id, steps, plan),
        ...judgeRefusals(file, refusals, evidence.newsMs ?? Math.max(newsLeastMs, slackOf(evidence))),
        ...judgeEnd(file, steps, constants),
      ];
    }),
  );
}

/** From the API IoT's database: attempt numbers, and the time between acceptances. */
function judgeCommands({ id, commands }: CaseFile, plan: Plan): string[] {
  const { constants } = plan;
  const violations: string[] = [];
  const most = attemptMax(constants);
  for (const [index, { attempt, command }] of commands.entries()) {
    if (attempt > most) violations.push(`${id}: attempt ${attempt} was sent, the policy allows ${most}`);
    const before = commands[index - 1];
    if (!before) continue;
    if (before.attempt === attempt) violations.push(`${id}: attempt ${attempt} was accepted twice`);
    const gapMs = command.acceptedAt - before.command.acceptedAt;
    const leastMs = leastGapMs(constants, before.attempt, attempt);
    if (gapMs < leastMs) {
      violations.push(
        `${id}: attempt ${attempt} was accepted ${span({ plan }, gapMs)} after attempt ${before.attempt}, the back-off is ${span({ plan }, leastMs)}`,
      );
    }
  }
  return violations;
}

/** A line of the record. Its place tells what the engine knew: of two events at work at once, the later place may have the earlier instant. */
interface RecordedStart {
  readonly at: number;
  readonly place: number;
}

interface RecordedFailure extends RecordedStart {
  /** Whether the engine says that another attempt may follow. */
  readonly temporary: boolean;
  /** The engine had received the vehicle's refusal, after which no attempt may follow, even if the engine thinks otherwise. */
  readonly refused: boolean;
}

interface Steps {
  /** When each attempt was started, the last time that it was. */
  readonly starts: ReadonlyMap<number, RecordedStart>;
  /** When each attempt failed, and how the engine and the vehicle judged it. */
  readonly failures: ReadonlyMap<number, RecordedFailure>;
}

function stepsOf(records: readonly RecordRow[]): Steps {
  const starts = new Map<number, RecordedStart>();
  const failures = new Map<number, RecordedFailure>();
  for (const [place, { type, at, data }] of records.entries()) {
    const { attempt, failure } = JSON.parse(data) as { attempt?: number; failure?: Failure };
    if (attempt === undefined) continue;
    if (type === 'activation.sending_command') starts.set(attempt, { at, place });
    if (type === 'activation.failure' && failure) {
      const { temporary, code } = failure;
      failures.set(attempt, { at, place, temporary, refused: code === 'rejected' });
    }
  }
  return { starts, failures };
}

/** By the record: each back-off counts from the failure before it, and nothing starts once a failure for good is saved. */
function judgeSteps(id: string, { starts, failures }: Steps, plan: Plan): string[] {
  const violations: string[] = [];
  for (const [attempt, { at, place, temporary, refused }] of failures) {
    const followed = [...starts].filter(([number, start]) => number > attempt && start.place > place);
    if (!temporary || refused) {
      for (const [number] of followed)
        violations.push(`${id}: attempt ${attempt} failed permanently, but attempt ${number} followed`);
      continue;
    }
    const next = followed.find(([number]) => number === attempt + 1)?.[1];
    const waitMs = waitBeforeMs(plan.constants, attempt + 1);
    if (next && next.at - at < waitMs) {
      violations.push(
        `${id}: attempt ${attempt + 1} began ${span({ plan }, next.at - at)} after the previous failure, the back-off is ${span({ plan }, waitMs)}`,
      );
    }
  }
  return violations;
}

/** Command id → when the broker received the vehicle's refusal. Without it the engine cannot know of the refusal. */
function refusedAt({ results }: BrokerLog): Map<string, number> {
  const refusals = new Map<string, number>();
  for (const { takenAt, message } of results) {
    const refused = message.results.some((result) => result.outcome === 'rejected');
    if (refused && takenAt !== null && !refusals.has(message.commandId))
      refusals.set(message.commandId, takenAt);
  }
  return refusals;
}

function judgeRefusals(
  { id, vin, commands }: CaseFile,
  refusals: ReadonlyMap<string, number>,
  newsMs: number,
): string[] {
  return commands.flatMap(({ attempt, command }) => {
    const at = refusals.get(command.id);
    const later = commands.filter(
      (other) => at !== undefined && other.attempt > attempt && other.command.acceptedAt > at + newsMs,
    );
    return later.map(
      (other) => `${id}: ${vin} rejected attempt ${attempt}, but attempt ${other.attempt} followed`,
    );
  });
}

/** What fails for a temporary reason has used every attempt, unless the deadline ended it. */
function judgeEnd({ id, row, state }: CaseFile, { starts }: Steps, constants: Constants): string[] {
  const { failure } = state;
  if (row.phase !== 'failed' || failure === null || !failure.temporary) return [];
  const most = attemptMax(constants);
  return starts.size === most
    ? []
    : [`${id}: gave up after ${starts.size} of ${most} attempts (${failure.code})`];
}
