import type { NoticeRow } from '../../../gateway/store/schema.ts';
import { groupBy } from '../../../shared/memory/group.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence } from '../evidence.ts';
import type { Reading } from '../reading.ts';
import { slackOf } from '../slack.ts';
import { span } from '../verdict.ts';

/** The specification's table "Notification Content by Event": "Activation Started" is sent within 1 minute. */
const startedWithinMs = 60_000;

/** Facts after which a customer knows that the activation has started: its first attempt, or that it is queued. */
export const startFacts: readonly string[] = ['activation.sending_command', 'activation.postponed'];

/**
 * Returns what came too late: the notification that an activation has started is made with its first attempt, or with the
 * fact that it is queued, and is sent within a minute of the confirmed payment, on the run's time scale and with its slack.
 */
export function judgeStartNotifications(evidence: Evidence, { sold, notices: seen }: Reading): string[] {
  const boundMs = startedWithinMs / evidence.plan.timeScale + slackOf(evidence);
  const rows = groupBy(evidence.database.notices, (row) => row.activation_id);
  const arrivals = new Map(
    isSendingDisturbed(evidence) ? [] : seen.map(({ noticeId, at }) => [noticeId, at]),
  );
  const begun = firstInstants(evidence);
  return sold.flatMap((file) => {
    const told = rows.get(file.id) ?? [];
    const confirmedAt = told.find(({ kind }) => kind === 'payment_confirmed')?.created_at;
    if (confirmedAt === undefined) return [];
    const started = told.filter(({ kind }) => kind === 'activation_started');
    if (started.length === 0) return judgeMissing(evidence, file, confirmedAt + boundMs);
    const begunAt = begun.get(file.id) ?? confirmedAt;
    return started.flatMap((row) =>
      judge(evidence, row, { begunAt, confirmedAt, boundMs, arrivedAt: arrivals.get(row.id) }),
    );
  });
}

/** Mail, push or the process itself was away: then only the instant at which the notification was made is judged. */
function isSendingDisturbed({ crashes, channelFaults, plan }: Evidence): boolean {
  const struck = Object.values(channelFaults ?? {}).some((count) => count > 0);
  return struck || crashes > 0 || (plan.partFaults ?? []).length > 0;
}

/** The first start fact of each activation. */
function firstInstants({ database }: Evidence): Map<string | null, number> {
  const first = new Map<string | null, number>();
  for (const { activation_id: id, type, at } of database.record) {
    if (startFacts.includes(type)) first.set(id, Math.min(first.get(id) ?? at, at));
  }
  return first;
}

function judge(
  evidence: Evidence,
  { activation_id: id, channel, created_at }: NoticeRow,
  times: {
    readonly begunAt: number;
    readonly confirmedAt: number;
    readonly boundMs: number;
    readonly arrivedAt: number | undefined;
  },
): string[] {
  const { begunAt, confirmedAt, boundMs, arrivedAt = created_at } = times;
  if (created_at > begunAt)
    return [
      `${id}: activation_started by ${channel} was made ${span(evidence, created_at - begunAt)} after the activation was queued`,
    ];
  const tookMs = arrivedAt - confirmedAt;
  return tookMs > boundMs
    ? [
        `${id}: activation_started by ${channel} came ${span(evidence, tookMs)} after the payment, ${span(evidence, boundMs)} are allowed`,
      ]
    : [];
}

function judgeMissing({ takenAt }: Evidence, { id, row }: CaseFile, dueAt: number): string[] {
  return (row.ended_at ?? takenAt) > dueAt
    ? [`${id}: no activation_started was made within a minute of the payment`]
    : [];
}
