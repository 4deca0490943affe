import { expect, test } from 'vitest';
import type { MessageReply, Messenger } from '../../shared/ports/messenger.ts';
import { until } from '../helpers/until.ts';

/** A server to which each `connect` makes a connection of its own, and a client that reads and asks there. */
export interface MessagesUnderTest {
  connect(): Promise<Messenger>;
  /** Subjects and payloads below `under`, in the order of arrival. */
  heard(under: string): Promise<() => readonly (readonly [subject: string, payload: string])[]>;
  ask(subject: string, payload: Uint8Array): Promise<MessageReply | null>;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** What every `Messenger` owes its callers. */
export function describeMessenger(name: string, server: () => MessagesUnderTest): void {
  const withMessenger = async (work: (messenger: Messenger) => Promise<void>) => {
    const messenger = await server().connect();
    try {
      await work(messenger);
    } finally {
      await messenger.close();
    }
  };

  test(`${name}: messages arrive in the order of publishing, on their subjects`, () =>
    withMessenger(async (messenger) => {
      const heard = await server().heard('order');
      expect(messenger.publish('order.one', 'a')).toBe(true);
      expect(messenger.publish('order.two', 'é')).toBe(true);
      await until(() => heard().length === 2, 'both came');
      expect(heard()).toEqual([
        ['order.one', 'a'],
        ['order.two', 'é'],
      ]);
      expect(messenger.problem()).toBeNull();
    }));

  test(`${name}: a request is answered with payload and headers, byte for byte`, () =>
    withMessenger(async (messenger) => {
      const answering = await messenger.answer({ subject: 'echo.>', ping: 'echo.ping' }, (request) => ({
        payload: `${request.subject} ${[...request.payload].join()}`,
        headers: { 'Content-Type': 'text/plain' },
      }));
      expect(answering).toBe('answers');
      expect(await server().ask('echo.a.b', Uint8Array.of(0, 255, 195))).toEqual({
        payload: 'echo.a.b 0,255,195',
        headers: { 'Content-Type': 'text/plain' },
      });
      expect(await server().ask('silent.a', bytes(''))).toBeNull();
    }));

  test(`${name}: what one program answers, a second one does not, until the first has gone`, () =>
    withMessenger(async (second) => {
      const service = { subject: 'only.>', ping: 'only.ping' };
      const reply = (payload: string) => () => ({ payload, headers: {} });
      await withMessenger(async (first) => {
        expect(await first.answer(service, reply('first'))).toBe('answers');
        expect(await second.answer(service, reply('second'))).toBe('taken');
        expect(await server().ask('only.a', bytes(''))).toEqual({ payload: 'first', headers: {} });
      });
      expect(await second.answer(service, reply('second'))).toBe('answers');
      expect(await server().ask('only.a', bytes(''))).toEqual({ payload: 'second', headers: {} });
    }));
}
