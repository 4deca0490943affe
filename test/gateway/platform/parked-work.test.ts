import { expect, it } from 'vitest';
import { parkEvent, switchWebhookOff } from '../../../gateway/support/webhook-store.ts';
import { order, register, type World, withPlatform } from '../../helpers/platform-under-test.ts';

/** A purchase whose notifications no channel accepted. */
async function deadNotice(world: World): Promise<{ id: string; purchase: string }> {
  await register(world);
  const { body } = await world.call('POST', '/purchases', order);
  await world.database.write((transaction) =>
    transaction
      .updateTable('notices')
      .set({ status: 'dead', due_at: null, tries: 300, last_error: '550 no such mailbox' })
      .where('channel', '=', 'email')
      .execute(),
  );
  const { body: page } = await world.call('GET', '/notices?status=dead');
  return { id: page.notices[0].id, purchase: body.id };
}

const typesOf = async (world: World, purchase: string): Promise<[string, string, string][]> => {
  const { body } = await world.call('GET', `/purchases/${purchase}/record?limit=100`);
  return body.events
    .filter(({ type }: { type: string }) => /^(notice|webhook)[.]/.test(type))
    .map(({ type, actor, what }: { type: string; actor: string; what: string }) => [type, actor, what]);
};

it('sends a dead notification again from its first try on, and writes it to the history', () =>
  withPlatform(async (world) => {
    const { id, purchase } = await deadNotice(world);
    const { status, body } = await world.call('POST', `/notices/${id}/resend`);
    expect([status, body.status, body.tries]).toEqual([200, 'waiting', 0]);
    const row = await world.database.reader
      .selectFrom('notices')
      .select(['status', 'due_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    expect(row).toEqual({ status: 'waiting', due_at: world.clock.now() });
    expect((await world.call('POST', `/notices/${id}/resend`)).status).toBe(404);
    expect(await typesOf(world, purchase)).toEqual([
      ['notice.resent', 'operator:developer', `sent again by email: ${body.kind.replaceAll('_', ' ')}`],
    ]);
  }));

it('drops a dead notification: it leaves the list and is not sent', () =>
  withPlatform(async (world) => {
    const { id, purchase } = await deadNotice(world);
    const before = (await world.call('GET', '/notices?status=dead')).body.notices.length;
    expect((await world.call('POST', `/notices/${id}/drop`)).status).toBe(200);
    const left = (await world.call('GET', '/notices?status=dead')).body.notices;
    expect([left.length, left.some((one: { id: string }) => one.id === id)]).toEqual([before - 1, false]);
    expect((await world.call('POST', `/notices/${id}/resend`)).status).toBe(404);
    expect((await typesOf(world, purchase)).map(([type]) => type)).toEqual(['notice.dropped']);
  }));

it('lists parked webhook events, replays and drops them, and switches the webhook on again', () =>
  withPlatform(async (world) => {
    await register(world);
    const { body: bought } = await world.call('POST', '/purchases', order);
    const lines = await world.database.reader
      .selectFrom('record')
      .selectAll()
      .orderBy('seq')
      .limit(2)
      .execute();
    const at = world.clock.now();
    await world.database.write(async (transaction) => {
      for (const line of lines)
        await parkEvent(
          transaction,
          { ...line, type: 'ticket.opened', data: '{"ticketId":"tkt_1"}' },
          { tries: 1, reason: 'the receiver answered 400', at },
        );
      await switchWebhookOff(transaction, { at, reason: 'the receiver answered 410' });
    });
    const list = async () => (await world.call('GET', '/webhook-events?status=parked')).body;
    const [first, second] = lines.map(({ id }) => id);
    const shown = { type: 'ticket.opened', ticketId: 'tkt_1', tries: 1, reason: 'the receiver answered 400' };
    expect(await list()).toEqual({
      events: [first, second].map((id) => ({ id, ...shown, parkedAt: at, replayAt: null })),
      off: { at, reason: 'the receiver answered 410' },
      next: null,
    });
    expect((await world.call('POST', `/webhook-events/${first}/replay`)).status).toBe(200);
    expect((await world.call('POST', `/webhook-events/${second}/drop`)).status).toBe(200);
    expect((await world.call('POST', `/webhook-events/${second}/drop`)).status).toBe(404);
    expect((await world.call('POST', '/webhook-events/resume')).body).toEqual({ wasOff: true });
    expect((await world.call('POST', '/webhook-events/resume')).body).toEqual({ wasOff: false });
    expect(await list()).toEqual({
      events: [{ id: first, ...shown, parkedAt: at, replayAt: at }],
      off: null,
      next: null,
    });
    expect((await typesOf(world, bought.id)).map(([type, actor]) => [type, actor])).toEqual([
      ['webhook.replayed', 'operator:developer'],
      ['webhook.dropped', 'operator:developer'],
    ]);
  }));
