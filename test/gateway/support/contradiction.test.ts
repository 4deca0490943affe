import { expect, it } from 'vitest';
import { placeOrder } from '../../helpers/engine-under-test.ts';
import { type Flow, hour, withFlow } from './flow.ts';
import { look } from './look.ts';

type State = 'active' | 'dormant';

function report({ outside }: Flow, state: State): void {
  outside.vehicle.features.set('heated_seats', { state, version: 99 });
}

/** So many looks, an hour apart; the vehicle reports the state again before each. How many activations each look made. */
async function contradict(flow: Flow, state: State, looks: number): Promise<number[]> {
  const made: number[] = [];
  for (let count = 0; count < looks; count += 1) {
    report(flow, state);
    made.push(await look(flow));
    await flow.outside.clock.advance(hour - 60_000);
  }
  return made;
}

async function tickets({ outside }: Flow) {
  const rows = await outside.database.reader
    .selectFrom('tickets')
    .selectAll()
    .orderBy('opened_at')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, fields: JSON.parse(row.fields) }));
}

async function buy({ outside, engine }: Flow): Promise<void> {
  outside.vehicle.script = ['applied'];
  await engine.begin(await placeOrder(outside, { feature: 'heated_seats', duration: { unit: 'permanent' } }));
  await outside.clock.advance(60_000);
}

it('opens one HIGH ticket with diagnostics after three reactivations that the vehicle confirmed and contradicted, and sends nothing more', () =>
  withFlow(async (flow) => {
    const { outside, sent } = flow;
    await buy(flow);
    expect(await contradict(flow, 'dormant', 10)).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(sent).toHaveLength(4);
    const [ticket, ...others] = await tickets(flow);
    expect(others).toEqual([]);
    expect(ticket).toMatchObject({
      purchase_id: 'pur_1',
      customer_id: 'cus_1',
      priority: 'HIGH',
      status: 'open',
      incident_id: null,
      fields: {
        lastErrorCode: 'state_contradicted',
        lastErrorMessage:
          'the vehicle confirmed 3 times that heated_seats is active, and reports it dormant again (version 99); reconciliation sends no further command until a technician acts',
        vehicleStatusSnapshot: { online: true, model: 'aurora-2026' },
        vehicleOnlineStatus: true,
        networkSignalStrength: -90,
        vehicleFirmwareVersion: '1.0',
        configurationPayload: { features: [{ feature: 'heated_seats', target: 'active' }] },
      },
    });
    expect(ticket?.fields.configurationHistory).toHaveLength(4);
    expect(await flow.record('ticket.opened')).toMatchObject([{ data: { problem: 'state_contradicted' } }]);
    // The customer keeps what they paid for, and nothing is charged again.
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
  }));

it('ends when a technician’s retry delivers; after three more contradictions the vehicle gets another ticket', () =>
  withFlow(async (flow) => {
    const { outside } = flow;
    await buy(flow);
    await contradict(flow, 'dormant', 4);
    const [ticket] = await tickets(flow);
    const activationId = ticket?.activation_id ?? '';
    expect(await flow.run({ move: 'start' }, activationId)).toBe('in_progress');
    expect(await flow.run({ move: 'retry' }, activationId)).toBe('waiting_for_activation');
    await outside.clock.advance(60_000);
    expect((await flow.ticket(activationId)).work.state).toBe('resolved');
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('active');
    expect(await look(flow)).toBe(0);
    expect(await contradict(flow, 'dormant', 5)).toEqual([1, 1, 1, 0, 0]);
    expect((await tickets(flow)).map(({ status, state }) => [status, state])).toEqual([
      ['open', 'resolved'],
      ['open', 'assigned'],
    ]);
  }));

it('is left alone while its bug waits for development, and tried again once the ticket is closed', () =>
  withFlow(async (flow) => {
    await buy(flow);
    await contradict(flow, 'dormant', 4);
    const [ticket] = await tickets(flow);
    const activationId = ticket?.activation_id ?? '';
    await flow.run({ move: 'start' }, activationId);
    const resolution = { kind: 'bug_report', reference: 'ECU-7', workaround: 'Use the button.' } as const;
    expect(await flow.run({ move: 'resolve', resolution }, activationId)).toBe('resolved');
    expect(await contradict(flow, 'dormant', 3)).toEqual([0, 0, 0]);
    await flow.run({ move: 'close' }, activationId);
    expect(await contradict(flow, 'dormant', 1)).toEqual([1]);
  }));

it('counts a day only: a vehicle that visits a workshop every other day is helped each time', () =>
  withFlow(async (flow) => {
    await buy(flow);
    for (let visit = 0; visit < 4; visit += 1) {
      expect(await contradict(flow, 'dormant', 1)).toEqual([1]);
      await flow.outside.clock.advance(47 * hour);
    }
    expect(await tickets(flow)).toEqual([]);
  }));

it('opens one MEDIUM ticket after three revocations of a feature without an owner, which a manual retry ends', () =>
  withFlow(async (flow) => {
    const { outside, sent } = flow;
    outside.vehicle.script = ['applied'];
    expect(await contradict(flow, 'active', 10)).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(sent).toHaveLength(3);
    const [ticket, ...others] = await tickets(flow);
    expect(others).toEqual([]);
    expect(ticket).toMatchObject({
      purchase_id: null,
      priority: 'MEDIUM',
      fields: {
        lastErrorCode: 'state_contradicted',
        lastErrorMessage:
          'the vehicle confirmed 3 times that heated_seats is dormant, and reports it active again (version 99); reconciliation sends no further command until a technician acts',
      },
    });
    const activationId = ticket?.activation_id ?? '';
    await flow.run({ move: 'start' }, activationId);
    expect(await flow.run({ move: 'retry' }, activationId)).toBe('waiting_for_activation');
    await outside.clock.advance(60_000);
    expect((await flow.ticket(activationId)).work.state).toBe('resolved');
    expect(await flow.activations('deactivation')).toMatchObject([
      { phase: 'dormant', parentId: activationId },
    ]);
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('dormant');
    expect(await look(flow)).toBe(0);
  }));
