import { expect, test } from 'vitest';
import type { CommandResult } from '../../../shared/protocol/device-messages.ts';
import { Outbox } from '../../../simulator/fleet/outbox.ts';

const result = (commandId: string): CommandResult => ({
  commandId,
  vin: '1M8GDM9AXKP042788',
  results: [{ feature: 'heated_seats', outcome: 'applied', version: 1 }],
  clock: 0,
});

/** A way out that closes in the middle of its n-th message. */
function wayOut(closesAt: number) {
  const sent: string[] = [];
  let count = 0;
  const send = async (what: string) => {
    count += 1;
    way.open = count !== closesAt;
    if (count !== closesAt) sent.push(what);
    return count !== closesAt;
  };
  const way = {
    open: true,
    sent,
    sendResult: ({ commandId }: CommandResult) => send(commandId),
    sendStatus: () => send('status'),
  };
  return way;
}

test.each([1, 2, 3])(
  'what is not acknowledged when the way closes at message %d is sent again, in order',
  async (closesAt) => {
    const way = wayOut(closesAt);
    const outbox = new Outbox(way);
    outbox.addResult(result('cmd_1'));
    outbox.addResult(result('cmd_2'));
    outbox.addStatus();
    await outbox.flush();
    expect(way.sent).toEqual(['cmd_1', 'cmd_2', 'status'].slice(0, closesAt - 1));
    way.open = true;
    await outbox.flush();
    expect(way.sent).toEqual(['cmd_1', 'cmd_2', 'status']);
    expect(outbox.waiting).toBe(0);
  },
);

test('a change while the status is under way makes another one due', async () => {
  const way = wayOut(0);
  const outbox: Outbox = new Outbox({
    ...way,
    sendStatus: async () => {
      if (way.sent.length === 0) outbox.addStatus();
      return way.sendStatus();
    },
  });
  outbox.addStatus();
  await outbox.flush();
  expect(way.sent).toEqual(['status', 'status']);
});

test('two flushes at once send nothing twice', async () => {
  const way = wayOut(0);
  const outbox = new Outbox(way);
  outbox.addResult(result('cmd_1'));
  await Promise.all([outbox.flush(), outbox.flush()]);
  expect(way.sent).toEqual(['cmd_1']);
});

test('a result that comes in the same turn as a flush that found nothing is sent', async () => {
  const way = wayOut(0);
  const outbox = new Outbox(way);
  const before = outbox.flush();
  outbox.addResult(result('cmd_1'));
  await Promise.all([before, outbox.flush()]);
  expect(way.sent).toEqual(['cmd_1']);
});
