import { afterEach, expect, test, vi } from 'vitest';
import { buy, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { ended } from './story.ts';

const hour = 3_600_000;
const realNow = Date.now;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Sets the machine's clock, for everything in this process. */
function setClock(byMs: number): void {
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + byMs);
}

const busyOnce = { type: 'ecu_busy', attributes: { first: 1, feature: null } } as const;

test.each([
  ['an hour back', [-hour]],
  ['two hours forward and then back', [2 * hour, 0]],
])('a retry comes after its back-off when the clock is set %s meanwhile', async (_, jumps) => {
  await withPlatform(
    {
      vehicles: [{ faults: [busyOnce] }],
      timeScale: 100,
      policy: { baseDelayMs: 4_000, maxDelayMs: 4_000, jitter: 0 },
    },
    async (platform) => {
      const bought = await buy(platform);
      const attempts = async () => {
        const { body } = await platform.clients.platform.get(`/activations/${bought.activation.id}`);
        return (body as { attempts: readonly unknown[]; phase: string }).attempts.length;
      };
      await until(
        async () => platform.log.some(({ event }) => event === 'api_iot.command_ended'),
        'the first attempt has failed',
      );
      const failedAt = performance.now();
      for (const byMs of jumps) {
        setClock(byMs);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      expect(await attempts()).toBe(1);
      await until(async () => (await attempts()) === 2, 'the second attempt begins');
      expect(performance.now() - failedAt).toBeGreaterThan(3_000);
      expect((await ended(platform, bought)).phase).toBe('active');
    },
  );
});

test('a command that waits for a vehicle does not time out when the clock is set two hours forward', async () => {
  await withPlatform({ applyMs: 3_000, timeScale: 10 }, async (platform) => {
    const bought = await buy(platform);
    await until(
      async () => platform.log.some(({ event }) => event === 'api_iot.command_accepted'),
      'the command is accepted',
    );
    setClock(2 * hour);
    const { phase } = await ended(platform, bought);
    const { body } = await platform.clients.platform.get(`/activations/${bought.activation.id}`);
    expect([phase, (body as { attempts: readonly unknown[] }).attempts.length]).toEqual(['active', 1]);
  });
});
