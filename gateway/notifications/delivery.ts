import type { Clock } from '../../shared/ports/clock.ts';
import { ChannelFailure, type Mailer } from '../../shared/ports/mailer.ts';
import type { Pusher } from '../../shared/ports/pusher.ts';
import { backOffMs } from '../background/back-off.ts';
import { type AddressLimit, standardAddressLimit } from './address-limit.ts';
import type { ClaimedNotice, Outcome } from './notice-queue.ts';
import type { NoticeChannel } from './notice-table.ts';
import type { Render, Rendered } from './renderer.ts';

/** Durations in milliseconds. */
export interface DispatchSettings {
  /**
   * Notifications that this process sends at once. For mail three times the mailer's connections: enough to keep them busy;
   * more would wait for a connection until their time-out.
   */
  readonly concurrency: Readonly<Record<NoticeChannel, number>>;
  /** Most notifications claimed in one write. */
  readonly batch: number;
  /** How long wake-ups are gathered before one look at the database: a busy engine commits far more often than that. */
  readonly gatherMs: number;
  /** Duration of a claim; a try may take half of it, so that no other process sends the same notification meanwhile. */
  readonly claimMs: number;
  /** The longest time between two reads of what is due: finds what another process committed without a wake-up here. */
  readonly pollMs: number;
  /** Waits between tries: `min(2^(tries − 1) × base, max)`. */
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** Number of tries after which a notification is dead, and listed for an operator. */
  readonly triesMax: number;
  /** Of e-mails to one address; null: none. */
  readonly perAddress: AddressLimit | null;
}

/** Waits of 1, 2, 4 … 256 s, then 300 s each: the 300th try comes a day after the first. */
export const standardDispatch: DispatchSettings = {
  concurrency: { email: 24, push: 64 },
  batch: 100,
  gatherMs: 5,
  claimMs: 120_000,
  pollMs: 120_000,
  retryBaseMs: 1_000,
  retryMaxMs: 300_000,
  triesMax: 300,
  perAddress: standardAddressLimit,
};

export interface DeliveryDeps {
  readonly mailer: Mailer;
  readonly pusher: Pusher;
  readonly clock: Clock;
  readonly render: Render;
  /** Returns the link to the purchase's page, made anew for each try: it lets its holder in, so it is not saved. */
  readonly linkOf?: (notice: ClaimedNotice) => string;
  readonly settings: DispatchSettings;
  /** Runs what sends a notification as part of its activation's trace; absent: nothing is recorded. */
  readonly inTraceOf?: <T>(activationId: string, work: () => T) => T;
}

/** Maximum length of an error text saved with a notification. */
const errorMax = 500;

/** A notification that cannot be rendered is a bug, which no retry fixes: an operator must see it. */
function renderNotice({ render, linkOf }: DeliveryDeps, notice: ClaimedNotice): Rendered {
  try {
    return render(notice, linkOf?.(notice));
  } catch (cause) {
    throw new ChannelFailure(`cannot be rendered: ${String(cause)}`, true, { cause });
  }
}

async function send(deps: DeliveryDeps, notice: ClaimedNotice): Promise<void> {
  const { mail, push } = renderNotice(deps, notice);
  if (mail) await deps.mailer.send(mail);
  if (push) await deps.pusher.send(push);
}

/** A channel that never answers must not hold its place for ever: after the limit the try counts as failed. */
async function sendInTime(deps: DeliveryDeps, notice: ClaimedNotice, limitMs: number): Promise<void> {
  let expire = () => {};
  const late = new Promise<never>((_, reject) => {
    const text = `the ${notice.channel} channel gave no answer within ${limitMs} ms`;
    expire = () => reject(new ChannelFailure(text, false));
  });
  const timer = deps.clock.setTimer(limitMs, () => expire());
  try {
    await Promise.race([send(deps, notice), late]);
  } finally {
    timer.cancel();
  }
}

/** Sends a notification to its channel once. Never rejects. */
export async function deliverNotice(deps: DeliveryDeps, notice: ClaimedNotice): Promise<Outcome> {
  const { clock, settings } = deps;
  const retry = { baseMs: settings.retryBaseMs, maxMs: settings.retryMaxMs };
  const limitMs = settings.claimMs / 2;
  const startedAt = clock.now();
  if (notice.tries >= settings.triesMax) {
    const error = notice.last_error ?? `no try of ${notice.tries} has a result`;
    return { status: 'dead', notice, at: startedAt, error };
  }
  // It waited too long behind others of the same customer: the try could outlast the claim.
  if (startedAt + limitMs > notice.claimedUntil) return { status: 'released', notice, at: startedAt };
  try {
    const sending = () => sendInTime(deps, notice, limitMs);
    const { activation_id: activationId } = notice;
    await (deps.inTraceOf && activationId !== null ? deps.inTraceOf(activationId, sending) : sending());
    return { status: 'sent', notice, at: clock.now() };
  } catch (cause) {
    const at = clock.now();
    const error = (cause instanceof Error ? cause.message : String(cause)).slice(0, errorMax);
    const permanent = cause instanceof ChannelFailure && cause.permanent;
    const tries = notice.tries + 1;
    const isGone = cause instanceof ChannelFailure && cause.isGone;
    if (permanent || tries >= settings.triesMax)
      return { status: 'dead', notice, at, error, ...(isGone ? { isGone } : {}) };
    return { status: 'retry', notice, at, dueAt: at + backOffMs(retry, tries), error };
  }
}
