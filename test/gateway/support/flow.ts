import type { Catalogue } from '../../../gateway/catalogue/catalogue.ts';
import { type Engine, standardSettings } from '../../../gateway/engine/engine.ts';
import { insertNotices } from '../../../gateway/notifications/notice-insertion.ts';
import type { ActivationRow } from '../../../gateway/store/schema.ts';
import { type DeskCommand, type DeskDeps, runDeskCommand } from '../../../gateway/support/desk-command.ts';
import { alwaysOnDuty } from '../../../gateway/support/roster.ts';
import type { Ticket } from '../../../gateway/support/stored-ticket.ts';
import { standardSupport } from '../../../gateway/support/support-settings.ts';
import { noteOnTicket, openTicket, resolveByRetry } from '../../../gateway/support/ticket-desk.ts';
import { ticketOfActivation } from '../../../gateway/support/ticket-look-ups.ts';
import type { ConfigureRequest } from '../../../shared/protocol/api-iot.ts';
import { bootEngine, type Outside, placeOrder, withOutside } from '../../helpers/engine-under-test.ts';
import { countingIds, notices, render, subscription } from '../../helpers/notification-rows.ts';
import { catalogue as shipped } from '../../helpers/ticket-samples.ts';

export const hour = 3_600_000;
const noticeSettings = { contact: 'support@caas.example', webUrl: 'https://caas.example' };

/** The shipped templates under the name that the orders of these tests use. */
const catalogue: Catalogue = {
  ...shipped,
  configuration: (serviceId, model) => shipped.configuration(serviceId.replace('_', '-'), model),
};

/** A whole platform without HTTP: a real engine on a fake vehicle and fake payments, and the desk on top. */
export interface Flow {
  readonly outside: Outside;
  readonly engine: Engine;
  /** What was sent to the vehicle, in order. */
  readonly sent: ConfigureRequest[];
  ticket(activationId?: string): Promise<Ticket>;
  /** Runs a technician's command and wakes the engine, as the route does. The refusal's reason, or the ticket's state. */
  run(command: DeskCommand, activationId?: string): Promise<string>;
  /** Mails and pushes of the support desk, rendered, in order. */
  told(): Promise<{ readonly mails: string[]; readonly pushes: string[]; readonly kinds: string[] }>;
  record(type: string): Promise<{ actor: string; data: Record<string, unknown> }[]>;
  activations(kind: ActivationRow['kind']): Promise<{ id: string; phase: string; parentId: string | null }[]>;
}

export function withFlow(run: (flow: Flow) => Promise<void>): Promise<void> {
  return withOutside(async (outside) => {
    const { database, clock } = outside;
    await database.write((transaction) =>
      transaction
        .updateTable('customers')
        .set({ push_subscription: JSON.stringify(subscription) })
        .execute(),
    );
    const ids = countingIds();
    const sent: ConfigureRequest[] = [];
    const { configure } = outside.vehicle.api;
    Object.assign(outside.vehicle.api, {
      configure: (...given: Parameters<typeof configure>) => {
        sent.push(given[1]);
        return configure(...given);
      },
    });
    const settings = standardSupport(alwaysOnDuty(['ana', 'ben']));
    const deps: DeskDeps = { ids, settings, notices: noticeSettings, catalogue };
    const engine = await bootEngine(outside, undefined, {
      ids,
      catalogue,
      settings: { ...standardSettings, sweepEveryMs: 60_000 },
      openTicket: (transaction, { activation }, diagnostics, at) =>
        openTicket(transaction, deps, activation, diagnostics, at),
      resolveTicket: (transaction, { activation }, at) => resolveByRetry(transaction, deps, activation, at),
      noteOnTicket: (transaction, id, text, at) => noteOnTicket(transaction, deps, id, text, at),
      insertNotices: (transaction, { activation }, facts) =>
        insertNotices(transaction, { ids, settings: noticeSettings }, activation, facts),
    });
    const ticket = async (activationId = 'act_1') => {
      const found = await ticketOfActivation(database.reader, activationId);
      if (!found) throw new Error(`no ticket of ${activationId}`);
      return found;
    };
    const flow: Flow = {
      outside,
      engine,
      sent,
      ticket,
      async run(command, activationId = 'act_1') {
        const { id } = await ticket(activationId);
        const at = clock.now();
        const answer = await database.write((transaction) =>
          runDeskCommand(transaction, deps, id, command, { at, by: 'ana' }),
        );
        if (answer.kind === 'refused') return answer.reason;
        if (answer.kind === 'not_found') throw new Error('no ticket');
        if (answer.begun !== null) await engine.begin(answer.begun);
        return answer.ticket.work.state;
      },
      async told() {
        const rows = (await notices(database)).filter(({ kind }) => kind.startsWith('support_'));
        const rendered = rows.map((row) => render(row));
        return {
          kinds: rows.map(({ kind, channel }) => `${kind} ${channel}`),
          mails: rendered.flatMap(({ mail }) => (mail ? [`${mail.subject}\n\n${mail.text}`] : [])),
          pushes: rendered.flatMap(({ push }) => {
            if (!push) return [];
            const { title, body } = JSON.parse(push.payload) as { title: string; body: string };
            return [`${title}: ${body}`];
          }),
        };
      },
      async record(type) {
        const rows = await database.reader
          .selectFrom('record')
          .select(['actor', 'data'])
          .where('type', '=', type)
          .orderBy('seq')
          .execute();
        return rows.map(({ actor, data }) => ({ actor, data: JSON.parse(data) as Record<string, unknown> }));
      },
      async activations(kind) {
        const rows = await database.reader
          .selectFrom('activations')
          .select(['id', 'phase', 'parent_id'])
          .where('kind', '=', kind)
          .orderBy('requested_at')
          .orderBy('id')
          .execute();
        return rows.map(({ id, phase, parent_id }) => ({ id, phase, parentId: parent_id }));
      },
    };
    try {
      await run(flow);
    } finally {
      await engine.stop();
    }
  });
}

/** An activation that the vehicle rejects at once: its ticket is open, the money back. */
export async function failOne({ outside, engine }: Flow): Promise<void> {
  outside.vehicle.script = ['rejected', 'applied'];
  await engine.begin(await placeOrder(outside, { feature: 'heated_seats' }));
  await outside.clock.advance(2 * 60_000);
}
