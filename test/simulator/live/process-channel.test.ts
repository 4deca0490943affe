import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { processChannel } from '../../../simulator/live/process-channel.ts';

/** Two ends of a channel in this process; what one sends arrives at the other as text. */
function pair() {
  const [left, right] = [new EventEmitter(), new EventEmitter()];
  const end = (own: EventEmitter, other: EventEmitter) => ({
    on: (event: 'message', listener: (message: unknown) => void) => own.on(event, listener),
    send: (message: object) => other.emit('message', JSON.parse(JSON.stringify(message))),
  });
  return [end(left, right), end(right, left)] as const;
}

test('questions of both ends are answered, also one that is asked while another waits', async () => {
  const [left, right] = pair();
  const parent = processChannel(left, async (question) => {
    const { key } = question as { readonly key: number };
    return `fate of ${key}: ${String(await parent.ask({ send: key }))}`;
  });
  const child = processChannel(right, async (question) => `sent ${JSON.stringify(question)}`);
  expect(await Promise.all([child.ask({ key: 1 }), child.ask({ key: 2 })])).toEqual([
    'fate of 1: sent {"send":1}',
    'fate of 2: sent {"send":2}',
  ]);
});

test('a question that cannot be answered rejects with the reason, and one without an answer is null', async () => {
  const [left, right] = pair();
  const child = processChannel(left, async () => undefined);
  processChannel(right, async () => {
    throw new Error('nobody knows');
  });
  await expect(child.ask({})).rejects.toThrow('Error: nobody knows');
  const [first, second] = pair();
  processChannel(first, async () => undefined);
  expect(await processChannel(second, async () => undefined).ask({})).toBe(null);
});
