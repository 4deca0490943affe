import { describe, expect, it } from 'vitest';
import { order, register, vin, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { problem } from '../platform/problem.ts';

const at = 1_800_000_000_000;
const by = 'technician-1';
const visit = { workshop: 'Workshop North', appointmentAt: at + 86_400_000 };

/** A purchase that the vehicle rejected; its ticket's id. */
async function failedPurchase(world: World): Promise<string> {
  const bought = await world.call('POST', '/purchases', order);
  await world.engine.reject(bought.body.activation.id);
  const { body } = await world.call('GET', `/purchases/${bought.body.id}`);
  return body.ticketId;
}

const withTicket = (run: (world: World, path: string) => Promise<void>) =>
  withPlatform(async (world) => {
    await register(world);
    await run(world, `/tickets/${await failedPurchase(world)}`);
  });

describe('a technician', () => {
  it('works a ticket from assignment to its end, and each answer shows what may come next', () =>
    withTicket(async (world, path) => {
      const steps: [string, object][] = [
        ['assign', { technician: 'technician-1' }],
        ['start', {}],
        ['comment', { text: 'The seat heater draws no current.' }],
        ['payload', { parameters: { levels: 2 } }],
        ['escalate', { team: 'api_iot', reason: 'no coverage in the garage' }],
        ['start', {}],
        ['contact', { message: 'Is it in a garage?' }],
        ['start', {}],
        ['inspection', { ...visit, reason: 'seat heater' }],
        ['resolve', { resolution: 'service_appointment', ...visit }],
        ['close', {}],
        ['reopen', { reason: 'still cold' }],
      ];
      const states: string[] = [];
      for (const [move, body] of steps) {
        const answer = await world.call('POST', `${path}/${move}`, { by, ...body });
        expect(answer.status, `${move}: ${JSON.stringify(answer.body)}`).toBe(200);
        states.push(`${move} → ${answer.body.state} (${answer.body.status})`);
      }
      expect(states).toEqual([
        'assign → assigned (open)',
        'start → in_progress (open)',
        'comment → in_progress (open)',
        'payload → in_progress (open)',
        'escalate → waiting_for_team (open)',
        'start → in_progress (open)',
        'contact → waiting_for_customer (open)',
        'start → in_progress (open)',
        'inspection → waiting_for_workshop (open)',
        'resolve → resolved (open)',
        'close → closed (closed)',
        'reopen → assigned (open)',
      ]);
      const { body } = await world.call('GET', path);
      expect(body).toMatchObject({
        assignedTo: 'technician-1',
        closedAt: null,
        moves: ['assign', 'start', 'comment', 'contact'],
        work: { parameters: { levels: 2 }, team: 'api_iot', resolution: null },
      });
      const record = await world.call('GET', `/purchases/${body.purchaseId}/record?limit=100`);
      const lines = record.body.events.filter(({ type }: { type: string }) => type.startsWith('ticket.'));
      expect(lines.map(({ type, actor }: { type: string; actor: string }) => `${actor} ${type}`)).toEqual([
        'engine ticket.opened',
        'support:technician-1 ticket.assigned',
        'support:technician-1 ticket.started',
        'support:technician-1 ticket.commented',
        'support:technician-1 ticket.payload_changed',
        'support:technician-1 ticket.escalated',
        'support:technician-1 ticket.started',
        'support:technician-1 ticket.customer_contacted',
        'support:technician-1 ticket.started',
        'support:technician-1 ticket.inspection_scheduled',
        'support:technician-1 ticket.resolved',
        'support:technician-1 ticket.closed',
        'support:technician-1 ticket.reopened',
      ]);
    }));

  it('retries: a new activation without money, which the engine is woken for; it resolves the ticket', () =>
    withTicket(async (world, path) => {
      await world.call('POST', `${path}/start`, { by });
      const { body } = await world.call('POST', `${path}/retry`, { by });
      const { retryId } = body.work;
      expect(world.engine.begun.at(-1)).toBe(retryId);
      const retry = await world.call('GET', `/activations/${retryId}`);
      expect(retry.body).toMatchObject({
        kind: 'activation',
        phase: 'queued_for_activation',
        parentId: body.activationId,
        purchaseId: body.purchaseId,
        settlement: null,
      });
      await world.engine.deliver(retryId);
      expect((await world.call('GET', path)).body).toMatchObject({ state: 'resolved', status: 'open' });
      const vehicle = await world.call('GET', `/vehicles/${vin}`);
      expect(vehicle.body.services).toMatchObject([
        { status: 'active', entitlement: { source: 'goodwill' } },
      ]);
      const purchase = await world.call('GET', `/purchases/${body.purchaseId}`);
      expect(purchase.body).toMatchObject({ status: 'failed', activation: { settlement: 'voided' } });
      const failed = await world.call('GET', `/activations/${body.activationId}`);
      expect(failed.body.revocationId).toBe(null);
    }));

  it('does a thing once under one Idempotency-Key', () =>
    withTicket(async (world, path) => {
      const send = () =>
        world.call('POST', `${path}/comment`, { by, text: 'once' }, { 'idempotency-key': 'c-1' });
      const answers = [await send(), await send()];
      expect(answers.map(({ status, headers }) => [status, headers.get('idempotency-replayed')])).toEqual([
        [200, null],
        [200, 'true'],
      ]);
      const rows = await world.database.reader
        .selectFrom('record')
        .select('type')
        .where('type', '=', 'ticket.commented')
        .execute();
      expect(rows).toHaveLength(1);
    }));
});

describe('what is refused', () => {
  it('names the legal moves and changes nothing', () =>
    withTicket(async (world, path) => {
      const id = path.slice('/tickets/'.length);
      const before = (await world.call('GET', path)).body;
      const refusals = [
        ['retry', {}, 'a ticket that is assigned has no retry'],
        ['close', {}, 'a ticket that is assigned has no close'],
        ['reopen', { reason: 'why not' }, 'a ticket that is assigned has no reopen'],
        ['assign', { technician: 'zoe' }, 'the roster has no technician called zoe'],
      ] as const;
      const legal = ['assign', 'start', 'comment', 'contact'];
      for (const [move, body, reason] of refusals) {
        const answer = await world.call('POST', `${path}/${move}`, { by, ...body });
        expect(answer.status).toBe(409);
        expect(answer.body).toEqual(
          problem(
            'illegal-move',
            `The ticket ${id} takes no ${move} now: ${reason}. It takes: assign, start, comment, contact.`,
            { ticketId: id, legal },
          ),
        );
      }
      expect((await world.call('GET', path)).body).toEqual(before);
    }));

  it('says what is wrong with a body, and with a ticket that does not exist', () =>
    withTicket(async (world, path) => {
      const status = async (move: string, body: object) => {
        const answer = await world.call('POST', `${path}/${move}`, body);
        return [answer.status, answer.body.errors?.[0]?.pointer ?? answer.body.type];
      };
      expect(await status('start', {})).toEqual([422, '/by']);
      expect(await status('comment', { by, text: '' })).toEqual([422, '/text']);
      expect(await status('escalate', { by, team: 'marketing', reason: 'x' })).toEqual([422, '/team']);
      expect(await status('resolve', { by, resolution: 'shrug' })).toEqual([422, '/resolution']);
      expect(await status('resolve', { by, resolution: 'bug_report' })).toEqual([422, '/reference']);
      expect(await status('start', { by, more: 1 })).toEqual([422, '']);
      const unknown = await world.call('POST', '/tickets/tkt_0/start', { by });
      expect(unknown.body).toEqual(problem('not-found', 'There is no ticket tkt_0.'));
    }));

  it('asks for the scope tickets:write', () =>
    withTicket(async (world, path) => {
      const token = await world.token('tickets:read');
      const answer = await world.call('POST', `${path}/start`, { by }, { authorization: `Bearer ${token}` });
      expect([answer.status, answer.body.scope]).toEqual([403, 'tickets:write']);
    }));
});

it('lists by state, assignee, vehicle, lateness and incident', () =>
  withTicket(async (world, path) => {
    const id = path.slice('/tickets/'.length);
    const found = async (query: string) => {
      const { body } = await world.call('GET', `/tickets?${query}`);
      return body.tickets.map((ticket: { id: string }) => ticket.id);
    };
    expect(await found('state=assigned')).toEqual([id]);
    expect(await found('state=resolved')).toEqual([]);
    expect(await found('assignee=technician-1')).toEqual([id]);
    expect(await found('assignee=technician-2')).toEqual([]);
    expect(await found(`vin=${vin}`)).toEqual([id]);
    expect(await found('vin=11111111111111111')).toEqual([]);
    expect((await world.call('GET', '/tickets?vin=anything')).status).toBe(422);
    expect(await found('overdue=true')).toEqual([]);
    expect(await found('incident=inc_1')).toEqual([]);
    await world.database.write((transaction) =>
      transaction.updateTable('tickets').set({ overdue: 1, incident_id: 'inc_1' }).execute(),
    );
    expect(await found('overdue=true&incident=inc_1')).toEqual([id]);
    expect((await world.call('GET', '/tickets?overdue=yes')).status).toBe(422);
  }));

describe('the body of a move', () => {
  it.each([
    { resolution: 'manual_activation' },
    { resolution: 'service_appointment', ...visit },
    { resolution: 'bug_report', reference: 'BUG-1', workaround: 'a blanket' },
  ])('names who resolves it: $resolution', (body) =>
    withTicket(async (world, path) => {
      for (const nobody of ['', 'x'.repeat(65), 'a\nb']) {
        const answer = await world.call('POST', `${path}/resolve`, { by: nobody, ...body });
        expect([answer.status, answer.body.errors?.[0].pointer]).toEqual([422, '/by']);
      }
    }),
  );
});

it('removes outdated keys once a second, however many moves are made', () =>
  withTicket(async (world, path) => {
    const expired = (key: string) => ({
      ...{ owner: 'old', key, fingerprint: 'f', status: 200, headers: '{}', body: '' },
      ...{ held_until: at - 2, expires_at: at - 1 },
    });
    await world.database.write((transaction) =>
      transaction
        .insertInto('idempotency_keys')
        .values(Array.from({ length: 300 }, (_, index) => expired(`key-${index}`)))
        .execute(),
    );
    for (const key of ['first', 'second']) {
      const body = { by, text: 'seen' };
      await world.call('POST', `${path}/comment`, body, { 'idempotency-key': key });
    }
    const { left } = await world.database.reader
      .selectFrom('idempotency_keys')
      .select((select) => select.fn.countAll<number>().as('left'))
      .where('owner', '=', 'old')
      .executeTakeFirstOrThrow();
    expect(left).toBe(198);
  }));
