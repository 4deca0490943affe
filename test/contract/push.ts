import { describe, expect, it } from 'vitest';
import { ChannelFailure } from '../../shared/ports/mailer.ts';
import type { Push, Pusher, PushSubscription } from '../../shared/ports/pusher.ts';

export interface PushSystem {
  readonly pusher: Pusher;
  readonly subscription: PushSubscription;
  /** What meets every push from now on; null: it is taken. */
  meet(trouble: 'refused' | 'hangs' | null): void;
  /** What the customer's phone shows, oldest first. */
  shown(): { endpoint: string; noticeId: string; title: string; body: string }[];
  /** Waits for a call, and lets time pass where it is virtual. */
  run<T>(work: Promise<T>): Promise<T>;
}

/** What every `Pusher` owes its callers. */
export function describePusher(name: string, open: () => PushSystem): void {
  describe(`pusher: ${name}`, () => {
    const content = { noticeId: 'ntc_1', title: 'Sitzheizung für Łukasz', body: 'Not charged' };

    const pushOf = ({ subscription }: PushSystem, change: Partial<Push> = {}): Push => ({
      subscription,
      payload: JSON.stringify(content),
      topic: 'ntc_1',
      ...change,
    });

    async function failureOf(system: PushSystem, change: Partial<Push> = {}): Promise<boolean> {
      const sent = system.pusher.send(pushOf(system, change)).then(
        () => null,
        (reason: unknown) => reason,
      );
      const error = await system.run(sent);
      if (!(error instanceof ChannelFailure)) throw new Error(`no ChannelFailure but ${String(error)}`);
      return error.permanent;
    }

    it('resolves when the push service took the push, which the phone can read', async () => {
      const system = open();
      await system.run(system.pusher.send(pushOf(system)));
      expect(system.shown()).toEqual([{ endpoint: system.subscription.endpoint, ...content }]);
    });

    it('takes the longest payload that can be encrypted, and refuses a longer one for good', async () => {
      const system = open();
      const payload = (bytes: number) => {
        const frame = JSON.stringify({ ...content, body: '' });
        return JSON.stringify({ ...content, body: 'x'.repeat(bytes - Buffer.byteLength(frame)) });
      };
      expect(await failureOf(system, { payload: payload(3_994) })).toBe(true);
      expect(system.shown()).toEqual([]);
      await system.run(system.pusher.send(pushOf(system, { payload: payload(3_993) })));
      expect(system.shown()).toHaveLength(1);
    });

    it.each([
      { p256dh: 'AAAA', auth: 'AAAAAAAAAAAAAAAAAAAAAA' },
      { p256dh: '', auth: '' },
    ])('refuses the keys %j of a subscription for good, and sends nothing', async (keys) => {
      const system = open();
      const subscription = { ...system.subscription, keys };
      expect(await failureOf(system, { subscription })).toBe(true);
      expect(system.shown()).toEqual([]);
    });

    it.each(['', 'a'.repeat(33), 'ntc 1'])(
      'refuses the topic %j for good, and sends nothing',
      async (topic) => {
        const system = open();
        expect(await failureOf(system, { topic })).toBe(true);
        expect(system.shown()).toEqual([]);
      },
    );

    it('says that a retry may help when the push service refuses for now, and takes the next try', async () => {
      const system = open();
      system.meet('refused');
      expect(await failureOf(system)).toBe(false);
      system.meet(null);
      await system.run(system.pusher.send(pushOf(system)));
      expect(system.shown()).toHaveLength(1);
    });

    it('says that a retry may help when the push service never answers', async () => {
      const system = open();
      system.meet('hangs');
      expect(await failureOf(system)).toBe(false);
      expect(system.shown()).toEqual([]);
    });
  });
}
