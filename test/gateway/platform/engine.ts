import type { Activation } from '../../../gateway/activation/activation.ts';
import type { ActivationEvent } from '../../../gateway/activation/event.ts';
import { transition } from '../../../gateway/activation/transition.ts';
import type { CommandEnded } from '../../../gateway/adapter/answers.ts';
import type { Catalogue } from '../../../gateway/catalogue/catalogue.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../../gateway/catalogue/load.ts';
import { project } from '../../../gateway/engine/projection.ts';
import { insertNotices } from '../../../gateway/notifications/notice-insertion.ts';
import type { ActivationEngine } from '../../../gateway/platform/engine-port.ts';
import { loadActivation, saveActivation } from '../../../gateway/store/activations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import type { Diagnostics } from '../../../gateway/support/diagnostics.ts';
import { alwaysOnDuty } from '../../../gateway/support/roster.ts';
import { standardSupport } from '../../../gateway/support/support-settings.ts';
import { openTicket, resolveByRetry } from '../../../gateway/support/ticket-desk.ts';
import type { Database } from '../../../shared/ports/database.ts';
import type { Ids } from '../../../shared/ports/ids.ts';
import type { ManualClock } from '../../helpers/manual-clock.ts';

/** Real transitions and real projections; the test says what payments and vehicles answer. */
export interface TestEngine extends ActivationEngine {
  /** What the payment service answers to `begin`. */
  payment: 'authorised' | 'declined' | 'unanswered' | 'broken';
  /** Holds `begin` back until it resolves. */
  hold: Promise<void>;
  readonly begun: string[];
  readonly received: CommandEnded[];
  apply(id: string, event: ActivationEvent): Promise<Activation>;
  /** The vehicle applies the first attempt, and the capture follows. */
  deliver(id: string, isCaptureDeclined?: boolean): Promise<void>;
  /** The same, and the capture is declined for good. */
  deliverUnpaid(id: string): Promise<void>;
  /** The vehicle rejects the first attempt; the reversal is answered. */
  reject(id: string, isReversalRefused?: boolean): Promise<void>;
  /** The same, and the reversal is refused for good. */
  rejectUnrefunded(id: string): Promise<void>;
}

const unread = { unavailable: 'not asked for in this test' } as const;
const diagnostics: Diagnostics = {
  status: unread,
  health: unread,
  history: unread,
  configuration: unread,
};
export const support = standardSupport(alwaysOnDuty(['technician-1']));
export const noticeSettings = { contact: 'support@example.com', webUrl: 'https://example.com' };

const shipped = loadCatalogue(catalogueFolder(shippedCatalogueFolder()));

export function testEngine(deps: {
  readonly database: Database<PlatformSchema>;
  readonly clock: ManualClock;
  readonly ids: Ids;
  readonly onCommitted: () => void;
  readonly catalogue?: Catalogue;
}): TestEngine {
  const { database, clock, ids } = deps;
  const projections = {
    clock,
    ids,
    catalogue: deps.catalogue ?? shipped,
    openTicket: (transaction, { activation }, read, at) =>
      openTicket(transaction, { ids, settings: support }, activation, read, at),
    noteOnTicket: async () => {},
    resolveTicket: (transaction, { activation }, at) =>
      resolveByRetry(transaction, { ids, notices: noticeSettings }, activation, at),
    insertNotices: (transaction, { activation }, facts) =>
      insertNotices(transaction, { ids, settings: noticeSettings }, activation, facts),
  } satisfies Parameters<typeof project>[1];

  async function apply(id: string, event: ActivationEvent): Promise<Activation> {
    const saved = await database.write(async (transaction) => {
      const stored = await loadActivation(transaction, id);
      if (stored === null) throw new Error(`there is no activation ${id}`);
      const outcome = transition(stored.activation, event);
      if (outcome.verdict !== 'accepted') throw new Error(`${event.type}: ${outcome.reason}`);
      await saveActivation(transaction, stored, outcome.activation, event.at);
      await project(transaction, projections, { ...stored, activation: outcome.activation }, outcome.facts);
      return outcome.activation;
    });
    deps.onCommitted();
    return saved;
  }

  function paymentEvent(): ActivationEvent {
    const at = clock.now();
    switch (engine.payment) {
      case 'declined':
        return {
          type: 'payment_refused',
          at,
          step: 'authorise',
          code: 'card_declined',
          message: 'Your card was declined.',
        };
      case 'unanswered':
        return { type: 'payment_unanswered', at, step: 'authorise', message: 'no answer' };
      default:
        return { type: 'payment_authorised', at, paymentId: 'pi_1', holdExpiresAt: null };
    }
  }

  async function send(id: string): Promise<void> {
    const at = clock.now();
    await apply(id, { type: 'vehicle_checked', at, failure: null, message: 'read' });
    await apply(id, { type: 'attempt_started', at });
    await apply(id, {
      type: 'command_accepted',
      at,
      attempt: 1,
      commandId: 'cmd_1',
      version: 1,
      expiresAt: at + 300_000,
    });
  }

  const engine: TestEngine = {
    payment: 'authorised',
    hold: Promise.resolve(),
    begun: [],
    received: [],
    apply,
    async begin(id) {
      engine.begun.push(id);
      await engine.hold;
      if (engine.payment === 'broken') throw new Error('the database went away');
      const stored = await database.write((transaction) => loadActivation(transaction, id));
      if (stored?.activation.settlement === null) return stored.activation;
      return apply(id, paymentEvent());
    },
    settle: (id, event) => apply(id, event),
    async pause() {},
    async resume() {},
    async requeue(id) {
      const stored = await loadActivation(database.reader, id);
      if (stored === null) throw new Error(`there is no activation ${id}`);
      return stored.activation;
    },
    async cancel(id) {
      const stored = await loadActivation(database.reader, id);
      if (stored?.activation.cancelRequestedAt !== undefined) return stored.activation;
      return apply(id, { type: 'cancel_requested', at: clock.now() });
    },
    async receive(callback) {
      engine.received.push(callback);
    },
    deliverUnpaid: (id) => engine.deliver(id, true),
    async deliver(id, isCaptureDeclined = false) {
      await send(id);
      const { settlement } = await apply(id, {
        type: 'command_applied',
        at: clock.now(),
        attempt: 1,
        vehicleClock: clock.now(),
      });
      if (settlement?.status !== 'capturing') return;
      const at = clock.now();
      const message = 'Your card was declined.';
      if (isCaptureDeclined)
        await apply(id, { type: 'payment_refused', at, step: 'capture', code: 'card_declined', message });
      else await apply(id, { type: 'payment_captured', at });
    },
    async reject(id, isReversalRefused = false) {
      await send(id);
      const at = clock.now();
      const failure = {
        category: 'vehicle_incompatible',
        code: 'rejected',
        message: 'unsupported hardware',
        temporary: false,
        mayHaveSucceeded: false,
      } as const;
      await apply(id, { type: 'command_failed', at, attempt: 1, failure, draw: 0 });
      const { settlement } = await apply(id, {
        type: 'diagnostics_read',
        at,
        delivered: null,
        diagnostics,
      });
      const step = settlement?.status === 'refunding' ? 'refund' : 'void';
      if (isReversalRefused) {
        const message = 'The refund failed: expired_or_canceled_card.';
        await apply(id, { type: 'payment_refused', at, step, code: 'expired_or_canceled_card', message });
      } else {
        await apply(id, { type: step === 'refund' ? 'payment_refunded' : 'payment_voided', at });
      }
    },
    rejectUnrefunded: (id) => engine.reject(id, true),
  };
  return engine;
}
