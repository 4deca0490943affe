import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Purchase } from '../../gateway/platform/purchase-view.ts';
import type { TechnicianAction } from '../../gateway/support/ticket-machine.ts';
import type { TicketState } from '../../gateway/support/ticket-work.ts';
import { type Bought, buy, type Order, type Platform, withPlatform } from '../helpers/running-platform.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import {
  byCommand,
  byRest,
  type Move,
  move,
  noticesOf,
  overhear,
  sinksOf,
  type Technician,
} from './escalation.ts';
import * as say from './escalation-words.ts';
import { activating, receipt } from './expected.ts';
import { activationOf, commandsOf, ended, featureOf, get, recordOf, ticketOf } from './story.ts';

/*
 * Every arrow of the specification's "Escalation Workflow" and every "manual intervention option", on real parts, with what the
 * mail sink and the push sink hold compared word for word.
 *
 *  arrow | from                      | to                            | here
 *  ------|---------------------------|-------------------------------|------------------------------
 *   1    | Max Retries Exceeded      | Collect Diagnostics           | HIGH
 *   2    | Collect Diagnostics       | GET /vehicle/{vin}/status     | HIGH: asked, and the snapshot is that answer
 *   3    | Collect Diagnostics       | IoT Network Connection Status | HIGH: health asked, signal and reachability are that answer
 *   4    | Collect Diagnostics       | Activation Attempt Log        | HIGH: six attempts with their commands
 *   5    | Collect Diagnostics       | Customer & Vehicle Info       | HIGH: customer, e-mail, VIN, firmware
 *   6-9  | status, network, log, info| Build Support Ticket          | HIGH: all 18 fields
 *  10    | Build Support Ticket      | Ticket Contains               | HIGH
 *  11    | Ticket Contains           | Create Ticket                 | HIGH: GET /tickets/{id}
 *  12    | Create Ticket             | Determine Priority            | HIGH, MEDIUM
 *  13    | priority: Customer paid   | HIGH Priority                 | HIGH
 *  14    | priority: Pre-delivery    | MEDIUM Priority               | MEDIUM
 *  15    | HIGH Priority             | Auto-assign to On-duty        | HIGH
 *  16    | MEDIUM Priority           | Auto-assign to On-duty        | MEDIUM
 *  17    | Auto-assign               | Trigger Payment Reversal      | HIGH, MEDIUM: the ledger's void comes after the ticket
 *  18    | Trigger Payment Reversal  | Failure Notification          | HIGH, MEDIUM: the mail comes after the ledger's void
 *  19    | Failure Notification      | Technician Investigates       | each resolution: start, comment
 *  20    | Technician Investigates   | Resolution                    | each resolution
 *  21    | Issue resolved            | Manual Activation via API IoT | manual activation, by REST and by command
 *  22    | Vehicle hardware issue    | Service Appointment           | service appointment, by REST and by command
 *  23    | CaaS system bug           | Bug Report for Development    | bug report, by REST and by command
 *  24    | Manual Activation         | Service Now Active            | manual activation: mail and push
 *  25    | Service Appointment       | Workshop Visit Required       | service appointment: mail and push
 *  26    | Bug Report                | Alternative Solution          | bug report: mail and push
 *
 *  intervention                                    | move         | here
 *  ------------------------------------------------|--------------|--------------------
 *  Retry activation manually                       | `retry`      | manual activation
 *  Modify configuration payload                    | `payload`    | manual activation
 *  Contact customer directly                       | `contact`    | manual activation
 *  Schedule vehicle inspection                     | `inspection` | service appointment
 *  Escalate to API IoT team                        | `escalate`   | bug report
 *  Escalate to development                         | `escalate`   | bug report
 *
 * Beside the arrows of the chart there are none: the last test tries every other move in every state.
 */

beforeAll(buildWhenOutdated);

const busySixTimes = { type: 'ecu_busy', attributes: { first: 6, feature: null } } as const;
const timeScale = 300;
const hourMs = 3_600_000;

/** What was bought, failed after its six attempts, and has a ticket. */
async function escalated(platform: Platform, order?: Order): Promise<{ bought: Bought; id: string }> {
  const bought = await buy(platform, order);
  const { ticketId, failure, attempts } = await ended(platform, bought);
  expect([attempts.length, failure?.message]).toEqual([6, 'heated_seats: ecu_busy']);
  return { bought, id: ticketId ?? '' };
}

/** The sinks hold the receipt, the start, and then exactly these, each once and whole. */
async function expectTold(platform: Platform, bought: Bought, ticketId: string, series: say.Words[]) {
  const notices = await noticesOf(platform, bought, 2 * (series.length + 2));
  const ids = (channel: string) => notices.filter((notice) => notice.channel === channel);
  const [mailIds, pushIds] = [ids('email'), ids('push')];
  const kinds = ['payment_confirmed', 'activation_started', ...series.map(({ kind }) => kind)];
  expect([mailIds, pushIds].map((some) => some.map(({ kind }) => kind))).toEqual([kinds, kinds]);
  const url = `${platform.origins.platform}/my-purchase/${bought.id}.TOKEN`;
  const whole = series.map((words, index) =>
    say.told(words, [mailIds[index + 2]?.id ?? '', pushIds[index + 2]?.id ?? ''], { ticketId, url }),
  );
  const { mails, pushes } = await sinksOf(platform);
  expect(mails.slice(0, 2).map(({ subject }) => subject)).toEqual([receipt, activating]);
  expect(mails.slice(2)).toEqual(whole.map(({ mail }) => mail));
  expect(pushes.slice(0, 2).map(({ title }) => title)).toEqual(['Service purchased', 'Activating...']);
  expect(pushes.slice(2)).toEqual(whole.map(({ push }) => push));
}

/** The hold was released after the ticket was opened and assigned, and the customer was notified only after it. */
async function expectReversedThenTold(platform: Platform, bought: Bought, id: string) {
  const entries = await platform.standIns.ledger.allEntries();
  expect(entries.map(({ kind, amountMinor }) => [kind, amountMinor])).toEqual([
    ['authorised', 1490],
    ['voided', 1490],
  ]);
  expect(await platform.standIns.ledger.net(bought.activation.id)).toMatchObject({ netMinor: 0 });
  const types = (await recordOf(platform, bought)).map(({ type }) => type);
  expect(types.slice(types.indexOf('activation.max_retries_exceeded'))).toEqual([
    'activation.max_retries_exceeded',
    'activation.querying_vehicle_state',
    'activation.escalating_to_support',
    'activation.reversing_payment',
    'ticket.opened',
    'payment.voided',
    'activation.notifying_failure',
    'activation.failed',
    'notice.sent',
    'notice.sent',
  ]);
  const { openedAt } = await get<{ openedAt: number }>(platform, `/tickets/${id}`);
  const voidedAt = entries[1]?.at ?? 0;
  const toldAt = platform.standIns.mailbox.list({ limit: 1 })[0]?.at ?? 0;
  expect(openedAt).toBeLessThanOrEqual(voidedAt);
  expect(voidedAt).toBeLessThanOrEqual(toldAt);
}

describe.concurrent('from the last failed attempt to the customer', () => {
  test('HIGH: a customer paid; the ticket has all 18 fields and a technician on duty, the payment is reversed, the customer is notified', async () => {
    const { disturb, seen, configured, twins, healths } = overhear();
    const vehicles = [{ faults: [busySixTimes] }];
    // Every answer is the vehicle's: a command that timed out on a slow machine would be asked about.
    const config = { commandTimeoutMs: 30 * 60 * 60_000 };
    await withPlatform({ disturb, vehicles, timeScale, config }, async (platform) => {
      const { bought, id } = await escalated(platform);
      const before = ['POST token 200', 'GET status 200', 'GET health 200'];
      const attempted = Array.from({ length: 6 }, () => 'POST configure 202');
      const diagnosed = ['GET status 200', 'GET health 200', 'GET history 200'];
      expect(seen).toEqual([...before, ...attempted, ...diagnosed]);

      const { requestedAt, attempts } = await activationOf(platform, bought);
      const commands = await commandsOf(platform);
      const [held] = await platform.standIns.ledger.allEntries();
      const [twin, health] = [twins[1], healths[1]];
      const { fields } = await ticketOf(platform, id);
      const { configurationHistory, notes, ...all } = fields as typeof fields & {
        configurationHistory: unknown[];
      };
      expect(Object.keys(all)).toHaveLength(18);
      expect(all).toEqual({
        ticketId: id,
        vin: platform.vin,
        customerId: 'customer-1',
        customerEmail: 'customer-1@example.com',
        serviceId: 'heated-seats',
        serviceName: 'Heated seats',
        paymentTransactionId: held?.paymentId,
        paymentAmount: { amountMinor: 1490, currency: 'EUR' },
        activationRequestTime: requestedAt,
        retryAttempts: commands.map((command, index) => ({
          attempt: index + 1,
          startedAt: attempts[index]?.startedAt,
          endedAt: attempts[index]?.endedAt,
          commandId: command.id,
          version: index + 1,
          response: {
            category: 'vehicle_not_ready',
            code: 'failed',
            message: 'heated_seats: ecu_busy',
            mayHaveSucceeded: false,
          },
        })),
        lastErrorCode: 'failed',
        lastErrorMessage: 'heated_seats: ecu_busy',
        vehicleStatusSnapshot: twin,
        vehicleOnlineStatus: true,
        networkSignalStrength: health?.signalStrengthDbm,
        vehicleFirmwareVersion: '4.2.0',
        configurationPayload: configured[5],
        priority: 'HIGH',
      });
      expect(commands.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'failed'));
      expect(health?.signalStrengthDbm).toBeLessThan(-40);
      expect(Object.keys(twin?.telemetry ?? {})).toContain('Vehicle.LowVoltageBattery.CurrentVoltage');
      expect([configurationHistory.length, notes]).toEqual([6, []]);

      const ticket = await byRest(platform).look(id);
      const work = { state: 'assigned', assignee: 'technician-1', retryId: null, resolution: null };
      expect(ticket).toMatchObject({ status: 'open', priority: 'HIGH', overdue: false, work });
      expect(ticket.responseDueAt - ticket.openedAt).toBe((4 * hourMs) / timeScale);
      expect(await get(platform, `/purchases/${bought.id}`)).toMatchObject({
        status: 'failed',
        serviceStatus: 'pending_support',
      });
      await expectReversedThenTold(platform, bought, id);
      await expectTold(platform, bought, id, [say.failed]);
    });
  });

  test('MEDIUM: the vehicle is not delivered yet; the ticket is assigned, the payment reversed, the customer notified', async () => {
    await withPlatform({ vehicles: [{ faults: [busySixTimes] }], timeScale }, async (platform) => {
      const { bought, id } = await escalated(platform, { preDelivery: true });
      const ticket = await byRest(platform).look(id);
      expect(ticket).toMatchObject({ priority: 'MEDIUM', state: 'assigned', assignedTo: 'technician-1' });
      expect(ticket.fields).toMatchObject({ priority: 'MEDIUM', ticketId: id });
      expect(ticket.responseDueAt - ticket.openedAt).toBe((8 * hourMs) / timeScale);
      await expectReversedThenTold(platform, bought, id);
      await expectTold(platform, bought, id, [say.failed]);
    });
  });
});

const appointment = { workshop: 'Workshop North', appointmentAt: Date.UTC(2027, 0, 18, 9) };
const appointmentFlags = ['--workshop', 'Workshop North', '--at', '2027-01-18T09:00Z'];
const workaround = 'Please use the buttons in the door.';

const assign = move('assign', { technician: 'technician-2' }, ['--technician', 'technician-2']);
const start = move('start');
const comment = move('comment', { text: 'The seat ECU was busy six times.' }, [
  '--text',
  'The seat ECU was busy six times.',
]);
const contact = move('contact', { message: 'Is the car in a garage?' }, [
  '--message',
  'Is the car in a garage?',
]);
const payload = move('payload', { parameters: { levels: 2 } }, ['--set', 'levels=2']);
const retry = move('retry');
const inspection = move('inspection', { ...appointment, reason: 'seat heater' }, [
  ...appointmentFlags,
  '--reason',
  'seat heater',
]);
const toApiIotTeam = move('escalate', { team: 'api_iot', reason: 'no answers since noon' }, [
  '--team',
  'api-iot',
  '--reason',
  'no answers since noon',
]);
const toDevelopment = move('escalate', { team: 'development', reason: 'wrong payload' }, [
  '--team',
  'development',
  '--reason',
  'wrong payload',
]);
const serviceAppointment = move('resolve', { resolution: 'service_appointment', ...appointment }, [
  '--resolution',
  'service-appointment',
  ...appointmentFlags,
]);
const bugReport = move('resolve', { resolution: 'bug_report', reference: 'BUG-7', workaround }, [
  '--resolution',
  'bug-report',
  '--reference',
  'BUG-7',
  '--workaround',
  workaround,
]);
const manualActivation = move('resolve', { resolution: 'manual_activation' }, [
  '--resolution',
  'manual-activation',
]);
const keep = move('keep');
const close = move('close');
const reopen = move('reopen', { reason: 'it went out again' }, ['--reason', 'it went out again']);

/** Makes the moves one after the other; each must lead where it says. */
async function walk(technician: Technician, id: string, steps: readonly (readonly [Move, TicketState])[]) {
  for (const [step, state] of steps)
    expect([step.name, await technician.make(id, step)]).toEqual([step.name, state]);
}

/** The manual retry has delivered. */
function resolved(platform: Platform, id: string): Promise<void> {
  const { look } = byRest(platform);
  return until(async () => (await look(id)).state === 'resolved', 'the retry resolves the ticket');
}

/** Lines that the desk wrote in the purchase's record: what and who. */
async function deskLines(platform: Platform, bought: Bought): Promise<string[]> {
  const lines = await recordOf(platform, bought);
  return (
    lines
      // On a slow machine the technician may be late.
      .filter(({ type }) => type.startsWith('ticket.') && !type.startsWith('ticket.sla_'))
      .map(({ type, actor }) => `${type.slice('ticket.'.length)} ${actor}`)
  );
}

async function expectNobodyPaid(platform: Platform) {
  const entries = await platform.standIns.ledger.allEntries();
  expect(entries.map(({ kind }) => kind)).toEqual(['authorised', 'voided']);
}

const surfaces = [
  { name: 'REST', technicianOf: byRest },
  { name: 'fleetwake ticket', technicianOf: byCommand },
];

/** A command is a process of its own, and a path takes up to fifteen. */
const timeout = 120_000;

describe.each(surfaces)('a technician resolves it by $name', { timeout }, ({ technicianOf }) => {
  test('issue resolved: the customer is asked, the payload changed, and a manual activation delivers free of charge', async () => {
    const { disturb, configured } = overhear();
    const vehicles = [{ faults: [busySixTimes] }];
    await withPlatform({ disturb, vehicles, timeScale }, async (platform) => {
      const { bought, id } = await escalated(platform);
      const technician = technicianOf(platform);
      const hers = { state: 'assigned', priority: 'HIGH', assignee: 'technician-1' };
      expect(await technician.list(hers)).toEqual([id]);
      expect(await technician.make(id, retry)).toBe(
        `The ticket ${id} takes no retry now: a ticket that is assigned has no retry. It takes: assign, start, comment, contact.`,
      );
      await walk(technician, id, [[assign, 'assigned']]);
      expect(await technician.list(hers)).toEqual([]);
      expect(await technician.list({ assignee: 'technician-2' })).toEqual([id]);
      await walk(technician, id, [
        [start, 'in_progress'],
        [comment, 'in_progress'],
        [contact, 'waiting_for_customer'],
        [start, 'in_progress'],
        [payload, 'in_progress'],
        [retry, 'waiting_for_activation'],
      ]);
      await resolved(platform, id);
      await walk(technician, id, [[close, 'closed']]);

      const sent = configured.map(({ reference, features }) => [reference, features[0]?.parameters?.levels]);
      const { work } = await technician.look(id);
      const { activationId } = work.resolution as { activationId: string };
      expect(work.resolution).toEqual({ kind: 'manual_activation', activationId });
      expect(sent.slice(5)).toEqual([
        [bought.activation.id, 3],
        [activationId, 2],
      ]);
      expect((await commandsOf(platform)).map(({ state }) => state).slice(5)).toEqual(['failed', 'applied']);
      expect(featureOf(platform, platform.vin, 'heated_seats')).toBe('active');
      expect(await get<Purchase>(platform, `/purchases/${bought.id}`)).toMatchObject({
        status: 'failed',
        serviceStatus: 'active',
      });
      expect(await deskLines(platform, bought)).toEqual([
        'opened engine',
        'assigned support:technician-1',
        'started support:technician-1',
        'commented support:technician-1',
        'customer_contacted support:technician-1',
        'started support:technician-1',
        'payload_changed support:technician-1',
        'retry_started support:technician-1',
        'resolved engine',
        'closed support:technician-1',
      ]);
      await expectTold(platform, bought, id, [say.failed, say.question, say.serviceNowActive]);
      await expectNobodyPaid(platform);
    });
  });

  test('vehicle hardware issue: an inspection, then the service appointment, with one notification', async () => {
    await withPlatform({ vehicles: [{ faults: [busySixTimes] }], timeScale }, async (platform) => {
      const { bought, id } = await escalated(platform);
      const technician = technicianOf(platform);
      expect(await technician.make(id, inspection)).toBe(
        `The ticket ${id} takes no inspection now: a ticket that is assigned has no inspection. It takes: assign, start, comment, contact.`,
      );
      await walk(technician, id, [
        [start, 'in_progress'],
        [comment, 'in_progress'],
        [inspection, 'waiting_for_workshop'],
        [start, 'in_progress'],
        [serviceAppointment, 'resolved'],
      ]);
      const purchase = () => get<Purchase>(platform, `/purchases/${bought.id}`);
      expect((await purchase()).serviceStatus).toBe('pending_support');
      await walk(technician, id, [[close, 'closed']]);
      expect((await purchase()).serviceStatus).toBe('failed_activation');
      expect((await technician.look(id)).work.resolution).toEqual({
        kind: 'service_appointment',
        appointment: { workshop: 'Workshop North', at: Date.UTC(2027, 0, 18, 9) },
      });
      expect(await deskLines(platform, bought)).toEqual([
        'opened engine',
        'started support:technician-1',
        'commented support:technician-1',
        'inspection_scheduled support:technician-1',
        'started support:technician-1',
        'resolved support:technician-1',
        'closed support:technician-1',
      ]);
      expect(featureOf(platform, platform.vin, 'heated_seats')).toBe('dormant');
      await expectTold(platform, bought, id, [say.failed, say.workshopVisitRequired]);
      await expectNobodyPaid(platform);
    });
  });

  test('system bug: the API IoT team, then development, then the bug report with an alternative', async () => {
    await withPlatform({ vehicles: [{ faults: [busySixTimes] }], timeScale }, async (platform) => {
      const { bought, id } = await escalated(platform);
      const technician = technicianOf(platform);
      await walk(technician, id, [
        [start, 'in_progress'],
        [comment, 'in_progress'],
        [toApiIotTeam, 'waiting_for_team'],
      ]);
      expect(await technician.make(id, toDevelopment)).toBe(
        `The ticket ${id} takes no escalate now: a ticket that is waiting_for_team has no escalate. It takes: assign, start, comment, resolve.`,
      );
      expect((await technician.look(id)).work.team).toBe('api_iot');
      await walk(technician, id, [
        [start, 'in_progress'],
        [toDevelopment, 'waiting_for_team'],
      ]);
      expect((await technician.look(id)).work.team).toBe('development');
      await walk(technician, id, [
        [bugReport, 'resolved'],
        [close, 'closed'],
      ]);
      expect((await technician.look(id)).work.resolution).toEqual({
        kind: 'bug_report',
        reference: 'BUG-7',
        workaround,
      });
      expect(await deskLines(platform, bought)).toEqual([
        'opened engine',
        'started support:technician-1',
        'commented support:technician-1',
        'escalated support:technician-1',
        'started support:technician-1',
        'escalated support:technician-1',
        'resolved support:technician-1',
        'closed support:technician-1',
      ]);
      const purchase = await get<Purchase>(platform, `/purchases/${bought.id}`);
      expect(purchase.serviceStatus).toBe('failed_activation');
      await expectTold(platform, bought, id, [say.failed, say.alternativeSolution]);
      await expectNobodyPaid(platform);
    });
  });
});

/** One of each move, such that only the ticket's state can be against it. */
const everyMove: Readonly<Record<TechnicianAction, Move>> = {
  assign: move('assign', { technician: 'ana' }),
  start,
  comment,
  retry,
  payload,
  inspection,
  escalate: toDevelopment,
  contact,
  resolve: manualActivation,
  keep,
  close,
  reopen,
};

/** What docs/support-desk.md says of each state. */
const legal: Readonly<Record<TicketState, readonly TechnicianAction[]>> = {
  open: ['assign', 'start', 'comment'],
  assigned: ['assign', 'start', 'comment', 'contact'],
  in_progress: [
    'assign',
    'comment',
    'retry',
    'payload',
    'inspection',
    'escalate',
    'contact',
    'resolve',
    'keep',
  ],
  waiting_for_customer: ['assign', 'start', 'comment', 'resolve'],
  waiting_for_workshop: ['assign', 'start', 'comment', 'resolve'],
  waiting_for_team: ['assign', 'start', 'comment', 'resolve'],
  waiting_for_activation: ['assign', 'comment'],
  resolved: ['comment', 'close', 'reopen'],
  closed: ['reopen'],
};

/** Every move that the ticket's state does not allow is refused with those that it does, and changes nothing. */
async function expectRefusals(platform: Platform, id: string, state: TicketState) {
  const rest = platform.clients.platform;
  const before = (await rest.get(`/tickets/${id}`)).body;
  expect(before).toMatchObject({ state, moves: legal[state] });
  for (const { name, body } of Object.values(everyMove)) {
    if (legal[state].includes(name)) continue;
    const answer = await rest.send('POST', `/tickets/${id}/${name}`, { by: 'ana', ...body });
    expect(answer.body).toEqual({
      type: 'urn:fleetwake:problem:illegal-move',
      title: 'The ticket cannot make this move now',
      status: 409,
      detail: `The ticket ${id} takes no ${name} now: a ticket that is ${state} has no ${name}. It takes: ${legal[state].join(', ')}.`,
      ticketId: id,
      legal: legal[state],
    });
  }
  expect((await rest.get(`/tickets/${id}`)).body).toEqual(before);
}

test('in every state an impossible action is refused, with the list of possible ones', () =>
  withTemporaryFolder(async (folder) => {
    // No technician is on duty for the next days, so the ticket waits.
    const weekday = ((new Date().getUTCDay() + 3) % 7) + 1;
    const shifts = [{ weekdays: [weekday], from: '12:00', to: '13:00' }];
    const supportRoster = join(folder, 'roster.json');
    writeFileSync(supportRoster, JSON.stringify([{ name: 'ana', utcOffset: '+00:00', shifts }]));
    const vehicles = [{ faults: [busySixTimes] }];
    await withPlatform({ vehicles, timeScale, config: { supportRoster } }, async (platform) => {
      const { bought, id } = await escalated(platform);
      const technician = byRest(platform);
      const steps: readonly (readonly [Move, TicketState])[] = [
        [everyMove.assign, 'assigned'],
        [start, 'in_progress'],
        [contact, 'waiting_for_customer'],
        [start, 'in_progress'],
        [inspection, 'waiting_for_workshop'],
        [start, 'in_progress'],
        [toApiIotTeam, 'waiting_for_team'],
        [start, 'in_progress'],
        [retry, 'waiting_for_activation'],
      ];
      await expectRefusals(platform, id, 'open');
      // Else the retry could deliver before its refusals are tried.
      platform.cars.cut(platform.vin, null);
      for (const [step, state] of steps) {
        await walk(technician, id, [[step, state]]);
        await expectRefusals(platform, id, state);
      }
      platform.cars.restore(platform.vin);
      await resolved(platform, id);
      await expectRefusals(platform, id, 'resolved');
      await walk(technician, id, [[close, 'closed']]);
      await expectRefusals(platform, id, 'closed');
      await walk(technician, id, [[reopen, 'assigned']]);
      await noticesOf(platform, bought, 12);
    });
  }));
