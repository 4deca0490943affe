import { expect } from 'vitest';
import type { Activation } from '../../gateway/activation/activation.ts';
import type { ActivationDetail } from '../../gateway/platform/activation-view.ts';
import type { Purchase } from '../../gateway/platform/purchase-view.ts';
import type { RecordEntry } from '../../gateway/platform/record-view.ts';
import type { TicketFields } from '../../gateway/support/ticket.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import { collectMails, collectPushes } from '../../simulator/reports/collect.ts';
import type { SeenMail, SeenPush } from '../../simulator/reports/evidence.ts';
import { type Bought, buy, type Platform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { success } from './expected.ts';

/** What an activation came to, in the words of those who saw it: API, ledger, mail sink, push sink, vehicle. */
export interface Story {
  readonly phase: Activation['phase'];
  readonly status: Purchase['status'];
  readonly serviceStatus: Purchase['serviceStatus'];
  /** One an attempt: the failure's code, or null for the one that delivered. */
  readonly attempts: readonly (string | null)[];
  readonly failure: string | null;
  /** Kinds of the ledger's entries, in order. */
  readonly money: readonly string[];
  /** What the customer has paid in the end. */
  readonly netMinor: number;
  readonly mails: readonly string[];
  readonly pushes: readonly string[];
  readonly ticket: {
    readonly priority: string;
    readonly lastErrorCode: unknown;
    readonly retries: number;
  } | null;
  readonly isRevoked: boolean;
  /** The feature in the vehicle itself. */
  readonly feature: string | null;
}

export async function get<T>(platform: Platform, path: string): Promise<T> {
  const answer = await platform.clients.platform.get(path);
  if (answer.status !== 200)
    throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

export function activationOf(platform: Platform, bought: Bought): Promise<ActivationDetail> {
  return get(platform, `/activations/${bought.activation.id}`);
}

/** The record of the purchase's own activation; its revocation's lines are left out. */
export async function recordOf(platform: Platform, bought: Bought): Promise<RecordEntry[]> {
  const { events } = await get<{ events: RecordEntry[] }>(
    platform,
    `/purchases/${bought.id}/record?limit=100`,
  );
  return events.filter((event) => event.activationId === bought.activation.id);
}

export async function ticketOf(
  platform: Platform,
  id: string,
): Promise<{ priority: string; status: string; fields: TicketFields & { notes?: { text: string }[] } }> {
  return get(platform, `/tickets/${id}`);
}

/** The commands that the API IoT accepted for the vehicle, oldest first. */
export async function commandsOf(platform: Platform, vin = platform.vin): Promise<CommandResource[]> {
  const answer = await platform.clients.apiIot.get(`/vehicle/${vin}/history?limit=100`);
  return (answer.body as { commands: CommandResource[] }).commands.reverse();
}

/** Waits for the end of the activation, its payment and its notifications. */
export async function ended(platform: Platform, bought: Bought): Promise<ActivationDetail> {
  let activation = await activationOf(platform, bought);
  await until(async () => {
    activation = await activationOf(platform, bought);
    const { endedAt, dueAt, notices } = activation;
    return endedAt !== null && dueAt === null && notices.every((notice) => notice.status === 'sent');
  }, `${bought.activation.id} ends`);
  return activation;
}

export async function mailsOf(platform: Platform, bought: Bought): Promise<SeenMail[]> {
  const { customerId } = await get<Purchase>(platform, `/purchases/${bought.id}`);
  const mails = await collectMails(platform.standIns.mailbox);
  // The sink lists the newest first.
  return mails.filter((mail) => mail.to === `${customerId}@example.com`).reverse();
}

export function pushesOf(platform: Platform): SeenPush[] {
  return collectPushes(platform.standIns.pushes).reverse();
}

export async function storyOf(platform: Platform, bought: Bought): Promise<Story> {
  const activation = await ended(platform, bought);
  const purchase = await get<Purchase>(platform, `/purchases/${bought.id}`);
  const entries = (await platform.standIns.ledger.allEntries()).filter(
    (entry) => entry.activationId === activation.id,
  );
  const { netMinor } = await platform.standIns.ledger.net(activation.id);
  const ticket = activation.ticketId === null ? null : await ticketOf(platform, activation.ticketId);
  const notices = new Set(activation.notices.map((notice) => notice.id));
  return {
    phase: activation.phase,
    status: purchase.status,
    serviceStatus: purchase.serviceStatus,
    attempts: activation.attempts.map((attempt) => attempt.failure?.code ?? null),
    failure: activation.failure?.category ?? null,
    money: entries.map((entry) => entry.kind),
    netMinor,
    mails: (await mailsOf(platform, bought)).map((mail) => mail.subject),
    pushes: pushesOf(platform)
      .filter((push) => notices.has(push.noticeId))
      .map((push) => push.title),
    ticket: ticket && {
      priority: ticket.priority,
      lastErrorCode: ticket.fields.lastErrorCode,
      retries: ticket.fields.retryAttempts.length,
    },
    isRevoked: activation.revocationId !== null,
    feature: featureOf(platform, activation.vin, activation.feature),
  };
}

/** Where the vehicle itself stands, or null for one that lacks the feature or that is played elsewhere. */
export function featureOf(platform: Platform, vin: string, feature: string): string | null {
  const vehicle = platform.cars.states().find((state) => state.vin === vin);
  return vehicle?.features.find((one) => one.feature === feature)?.state ?? null;
}

/** Waits until the revocation of a failed activation has ended. */
export async function revoked(
  platform: Platform,
  { revocationId }: ActivationDetail,
): Promise<ActivationDetail> {
  let revocation = await get<ActivationDetail>(platform, `/activations/${revocationId}`);
  await until(async () => {
    revocation = await get<ActivationDetail>(platform, `/activations/${revocationId}`);
    return revocation.endedAt !== null;
  }, `the revocation ${revocationId} ends`);
  return revocation;
}

/** The same platform still does its work. */
export async function takesAPurchase(platform: Platform, vehicle = 0): Promise<void> {
  expect(await storyOf(platform, await buy(platform, { vehicle }))).toEqual({ ...success, attempts: [null] });
}
