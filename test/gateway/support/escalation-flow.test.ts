import { expect, it } from 'vitest';
import { placeOrder } from '../../helpers/engine-under-test.ts';
import { failOne, hour, withFlow } from './flow.ts';

const ticketId = `tkt_${'1'.padStart(26, '0')}`;
const footer = `Reference number: ${ticketId}

View full details in your purchase record:
https://caas.example/purchases/pur_1
`;

it('opens, prioritises and assigns a ticket, reverses the payment, and then tells the customer', () =>
  withFlow(async (flow) => {
    await failOne(flow);
    expect(await flow.ticket()).toMatchObject({
      id: ticketId,
      status: 'open',
      work: { state: 'assigned', assignee: 'ana' },
      fields: { priority: 'HIGH', vehicleOnlineStatus: true, networkSignalStrength: -90 },
    });
    expect(flow.outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    const types = await flow.outside.database.reader
      .selectFrom('record')
      .select('type')
      .where('type', 'in', [
        'ticket.opened',
        'activation.reversing_payment',
        'payment.voided',
        'activation.failed',
      ])
      .orderBy('seq')
      .execute();
    expect(types.map(({ type }) => type)).toEqual([
      'activation.reversing_payment',
      'ticket.opened',
      'payment.voided',
      'activation.failed',
    ]);
  }));

it('issue resolved: a manual activation delivers free of charge, resolves the ticket and sends "Service Now Active"', () =>
  withFlow(async (flow) => {
    await failOne(flow);
    expect(await flow.run({ move: 'start' })).toBe('in_progress');
    expect(await flow.run({ move: 'retry' })).toBe('waiting_for_activation');
    expect(await flow.run({ move: 'retry' })).toBe('a ticket that is waiting_for_activation has no retry');
    await flow.outside.clock.advance(2 * 60_000);
    const [, retry] = await flow.activations('activation');
    expect(retry).toMatchObject({ phase: 'active', parentId: 'act_1' });
    expect(await flow.ticket()).toMatchObject({
      status: 'open',
      work: {
        state: 'resolved',
        retryId: null,
        resolution: { kind: 'manual_activation', activationId: retry?.id },
      },
    });
    expect(flow.outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect(flow.outside.vehicle.features.get('heated_seats')?.state).toBe('active');
    const entitlements = await flow.outside.database.reader.selectFrom('entitlements').selectAll().execute();
    expect(entitlements).toMatchObject([
      { feature: 'heated_seats', purchase_id: 'pur_1', source: 'goodwill' },
    ]);
    const purchase = await flow.outside.database.reader.selectFrom('purchases').select('status').execute();
    expect(purchase).toEqual([{ status: 'failed' }]);
    const told = await flow.told();
    expect(told.kinds).toEqual(['support_service_active email', 'support_service_active push']);
    expect(told.mails).toEqual([
      `Your heated_seats is now active

Hello Ada,

Our technical support team has activated heated_seats on your Aurora.
You can start using this feature immediately.

You have not been charged, and you will not be charged for it.

${footer}`,
    ]);
    expect(told.pushes).toEqual([
      `Service now active: heated_seats is now active on your Aurora, free of charge. Reference number: ${ticketId}`,
    ]);
    expect(await flow.run({ move: 'close' })).toBe('closed');
  }));

it('vehicle hardware issue: an inspection, then a service appointment, with one notification per appointment', () =>
  withFlow(async (flow) => {
    await failOne(flow);
    await flow.run({ move: 'start' });
    const appointment = { workshop: 'Workshop North', at: 1_800_086_400_000 };
    expect(await flow.run({ move: 'inspection', appointment, reason: 'seat heater' })).toBe(
      'waiting_for_workshop',
    );
    const resolution = { kind: 'service_appointment', appointment } as const;
    expect(await flow.run({ move: 'resolve', resolution })).toBe('resolved');
    const told = await flow.told();
    expect(told.kinds).toEqual(['support_workshop_visit email', 'support_workshop_visit push']);
    expect(told.mails).toEqual([
      `A workshop visit is needed for your heated_seats

Hello Ada,

To activate heated_seats, your Aurora has to be looked at in a workshop.
We have made an appointment for you:

- Workshop: Workshop North
- Date and time: 16 January 2027, 08:00 (UTC)

You do not pay for a service that is not active. If the time does not suit you,
please contact support at support@caas.example.

${footer}`,
    ]);
    expect(told.pushes).toEqual([
      `Workshop visit required: heated_seats on your Aurora: Workshop North, 16 January 2027, 08:00 (UTC). Reference number: ${ticketId}`,
    ]);
  }));

it('system bug: escalated to development, a bug report, and "Alternative Solution"', () =>
  withFlow(async (flow) => {
    await failOne(flow);
    await flow.run({ move: 'start' });
    const escalated = await flow.run({ move: 'escalate', team: 'development', reason: 'wrong payload' });
    expect(escalated).toBe('waiting_for_team');
    const workaround = 'Please use the seat buttons in the door.';
    const resolution = { kind: 'bug_report', reference: 'BUG-7', workaround } as const;
    expect(await flow.run({ move: 'resolve', resolution })).toBe('resolved');
    expect((await flow.record('ticket.escalated'))[0]).toMatchObject({
      actor: 'support:ana',
      data: { ticketId, team: 'development', reason: 'wrong payload' },
    });
    const told = await flow.told();
    expect(told.mails).toEqual([
      `An alternative solution for your heated_seats

Hello Ada,

We have found that a fault in our own system keeps heated_seats from being activated on
your Aurora. Our developers are working on it. Until it is mended, we suggest:

Please use the seat buttons in the door.

You have not been charged for this service. If you have any questions, please contact
support at support@caas.example.

${footer}`,
    ]);
    expect(told.pushes).toEqual([
      `Alternative solution: heated_seats on your Aurora: Please use the seat buttons in the door. Reference number: ${ticketId}`,
    ]);
  }));

it('asks the customer several questions, with one notification each', () =>
  withFlow(async (flow) => {
    await failOne(flow);
    expect(await flow.run({ move: 'contact', message: 'Is it in a garage?' })).toBe('waiting_for_customer');
    await flow.run({ move: 'start' });
    await flow.run({ move: 'contact', message: 'Is it in a garage?' });
    const told = await flow.told();
    expect(told.kinds).toEqual(Array(2).fill(['support_question email', 'support_question push']).flat());
    expect(told.mails[0]).toBe(`A question about your heated_seats

Hello Ada,

Our technical support team is working on the activation of heated_seats on your
Aurora and asks you:

Is it in a garage?

Please answer to support@caas.example and name the reference number.

${footer}`);
    expect(told.pushes[0]).toBe(`A question from support: Is it in a garage? Reference number: ${ticketId}`);
  }));

it('changes the payload within what the template allows, and sends it with the next retry alone', () =>
  withFlow(async (flow) => {
    await failOne(flow);
    await flow.run({ move: 'start' });
    expect(await flow.run({ move: 'payload', parameters: { levels: 4 } })).toBe(
      'levels must be a number from 1 to 3',
    );
    expect(await flow.run({ move: 'payload', parameters: { zones: 'roof' } })).toBe(
      'zones must be one of "front", "rear", "front,rear"',
    );
    expect(await flow.run({ move: 'payload', parameters: { maxTemperatureCelsius: 60, levels: 2 } })).toBe(
      'maxTemperatureCelsius may not be changed: the template heated-seats/aurora-2026.v2 lets levels, zones be changed',
    );
    expect(await flow.run({ move: 'payload', parameters: { levels: 2 } })).toBe('in_progress');
    await flow.run({ move: 'retry' });
    await flow.outside.clock.advance(2 * 60_000);
    const parameters = { levels: 3, zones: 'front,rear', maxTemperatureCelsius: 42 };
    expect(flow.sent.map(({ features }) => features[0]?.parameters)).toEqual([
      parameters,
      { ...parameters, levels: 2 },
    ]);
    expect(await flow.record('ticket.payload_changed')).toMatchObject([
      { actor: 'support:ana', data: { parameters: { levels: 2 } } },
    ]);
  }));

it('continues after a failed manual retry: no second ticket, no second failure notification', () =>
  withFlow(async (flow) => {
    await failOne(flow);
    flow.outside.vehicle.script = ['rejected'];
    await flow.run({ move: 'start' });
    await flow.run({ move: 'retry' });
    await flow.outside.clock.advance(2 * 60_000);
    expect(await flow.ticket()).toMatchObject({ work: { state: 'in_progress', retryId: null } });
    const [, retry] = await flow.activations('activation');
    expect(retry?.phase).toBe('failed');
    expect(await flow.record('ticket.retry_failed')).toMatchObject([
      { actor: 'engine', data: { ticketId, activationId: retry?.id, reason: expect.any(String) } },
    ]);
    const tickets = await flow.outside.database.reader.selectFrom('tickets').select('id').execute();
    expect(tickets).toHaveLength(1);
    const kinds = await flow.outside.database.reader
      .selectFrom('notices')
      .select(['kind', 'channel', 'activation_id'])
      .where('activation_id', '!=', 'act_1')
      .execute();
    expect(kinds).toEqual([]);
    expect((await flow.told()).kinds).toEqual([]);
    // And a third try may yet succeed.
    flow.outside.vehicle.script = ['applied'];
    expect(await flow.run({ move: 'retry' })).toBe('waiting_for_activation');
    await flow.outside.clock.advance(2 * 60_000);
    expect((await flow.ticket()).work.state).toBe('resolved');
  }));

it('ends the revocation that waits once a manual retry has delivered', () =>
  withFlow(async (flow) => {
    const { outside } = flow;
    outside.vehicle.online = false;
    outside.vehicle.script = [...Array(6).fill('timed_out'), 'applied'];
    await flow.engine.begin(await placeOrder(outside, { feature: 'heated_seats' }));
    await outside.clock.advance(2 * hour);
    const [owed] = await flow.activations('revocation');
    expect(owed).toMatchObject({ phase: 'queued_for_activation', parentId: 'act_1' });
    await flow.run({ move: 'start' });
    await flow.run({ move: 'retry' });
    outside.vehicle.online = true;
    await outside.clock.advance(hour);
    expect(await flow.activations('revocation')).toEqual([{ ...owed, phase: 'superseded' }]);
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('active');
    expect((await flow.ticket()).work.state).toBe('resolved');
  }));

it('lets the customer keep a late success: the revocation ends, a goodwill entitlement begins, free of charge', () =>
  withFlow(async (flow) => {
    const { outside } = flow;
    outside.vehicle.online = false;
    outside.vehicle.script = Array(6).fill('timed_out');
    await flow.engine.begin(await placeOrder(outside, { feature: 'heated_seats' }));
    await outside.clock.advance(2 * hour);
    await flow.run({ move: 'start' });
    expect(await flow.run({ move: 'keep' })).toBe('the vehicle has not said that it applied the command');
    const [first] = [...outside.vehicle.commands.values()];
    if (!first) throw new Error('no command');
    await flow.engine.receive({
      type: 'command.ended',
      command: {
        ...first,
        state: 'applied',
        late: true,
        endedAt: outside.clock.now(),
        clock: outside.clock.now(),
      },
    });
    expect(await flow.run({ move: 'keep' })).toBe('resolved');
    const [revocation] = await flow.activations('revocation');
    expect(revocation?.phase).toBe('superseded');
    const [entitlement] = await outside.database.reader.selectFrom('entitlements').selectAll().execute();
    expect(entitlement).toMatchObject({
      source: 'goodwill',
      valid_from: outside.clock.now(),
      ended_at: null,
    });
    expect(await flow.record('ticket.resolved')).toMatchObject([
      { actor: 'support:ana', data: { kept: true, resolution: { kind: 'manual_activation' } } },
    ]);
    expect(await flow.record('activation.superseded')).toHaveLength(1);
    expect((await flow.told()).kinds).toEqual([
      'support_service_active email',
      'support_service_active push',
    ]);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    outside.vehicle.online = true;
    await outside.clock.advance(2 * hour);
    expect([...outside.vehicle.commands.keys()].filter((key) => !key.startsWith('act_1:'))).toEqual([]);
  }));

it('refuses to keep a late success once the revocation was sent', () =>
  withFlow(async (flow) => {
    const { outside } = flow;
    outside.vehicle.online = false;
    outside.vehicle.script = [...Array(6).fill('timed_out'), 'applied'];
    await flow.engine.begin(await placeOrder(outside, { feature: 'heated_seats' }));
    await outside.clock.advance(2 * hour);
    const [first] = [...outside.vehicle.commands.values()];
    if (!first) throw new Error('no command');
    await flow.engine.receive({
      type: 'command.ended',
      command: {
        ...first,
        state: 'applied',
        late: true,
        endedAt: outside.clock.now(),
        clock: outside.clock.now(),
      },
    });
    outside.vehicle.online = true;
    await outside.clock.advance(hour);
    expect((await flow.activations('revocation'))[0]?.phase).toBe('dormant');
    await flow.run({ move: 'start' });
    expect(await flow.run({ move: 'keep' })).toBe('the feature is being switched off, or is off again');
    const entitlements = await outside.database.reader.selectFrom('entitlements').selectAll().execute();
    expect(entitlements).toEqual([]);
  }));

it('says "active" only of a service that is: resolving by hand as a manual activation is refused, then a new purchase allows it', () =>
  withFlow(async (flow) => {
    await failOne(flow);
    await flow.run({ move: 'start' });
    const resolution = { kind: 'manual_activation', activationId: null } as const;
    expect(await flow.run({ move: 'resolve', resolution })).toBe(
      'the service is not active on the vehicle: retry it',
    );
    await flow.engine.begin(await placeOrder(flow.outside, { id: 'act_2', feature: 'heated_seats' }));
    expect(await flow.run({ move: 'retry' })).toBe('another activation of the feature is under way');
    await flow.outside.clock.advance(2 * 60_000);
    expect(await flow.run({ move: 'retry' })).toBe('the customer has the service by now');
    expect(await flow.run({ move: 'resolve', resolution })).toBe('resolved');
  }));
