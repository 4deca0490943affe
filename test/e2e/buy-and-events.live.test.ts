import { createServer, connect as dial, type Socket } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import type { RecordEntry } from '../../gateway/platform/record-view.ts';
import { buy, type Platform, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake, withFleetwake } from './command.ts';
import { ended } from './story.ts';

beforeAll(buildWhenOutdated);

const at = ({ origins, dataFolder }: Platform) => ['--platform-url', origins.platform, '--data', dataFolder];

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

test('fleetwake buy --wait ends with 0 for a service that is active and paid, and shows each phase', () =>
  withPlatform({}, async (platform) => {
    const { dataFolder, vin } = platform;
    const outcome = await fleetwake(dataFolder, ['buy', vin, 'heated-seats', '--wait', ...at(platform)]);
    expect(outcome.stdout).toMatch(
      new RegExp(
        `^Heated seats on ${vin} is bought for 7 days: 4\\.90 EUR reserved, purchase pur_\\w+\nHeated seats on ${vin} is active; the 4\\.90 EUR are paid\n$`,
      ),
    );
    expect(outcome.exitCode).toBe(0);
    expect(linesOf(outcome.stderr).at(-1)).toMatch(/^\d+ s · active$/);
    const stated = await fleetwake(dataFolder, [
      ...['buy', vin, 'ambient-light', '--duration', 'permanent', '--card', 'pm_card_visa', '--customer'],
      ...['customer-1', '--wait', '--json', ...at(platform)],
    ]);
    expect(JSON.parse(stated.stdout)).toMatchObject({
      ...{ customerId: 'customer-1', vin, serviceId: 'ambient-light', duration: { unit: 'permanent' } },
      ...{ status: 'active', activation: { phase: 'active', settlement: 'captured' } },
    });
  }));

test('fleetwake buy ends with 1 for a declined card, an unknown service, an unknown vehicle and a failed activation, with 2 for what cannot be bought', () =>
  withPlatform(
    {
      vehicles: [
        {},
        { faults: [{ type: 'reject', attributes: { reason: 'unsupported_hardware', feature: null } }] },
      ],
    },
    async (platform) => {
      const { dataFolder, vin, vehicles } = platform;
      const call = (...words: string[]) => fleetwake(dataFolder, ['buy', ...words, ...at(platform)]);
      expect(await call(vin, 'heated-seats', '--card', 'chargeDeclined')).toEqual({
        exitCode: 1,
        stdout: '',
        stderr:
          'fleetwake: The payment was declined (card_declined: Your card was declined). Nothing was charged; buy again with another payment method.\n',
      });
      expect(await call(vin, 'heated-seat')).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: 'fleetwake: The catalogue has no service heated-seat. GET /catalogue lists them.\n',
      });
      expect((await call(`${vin.slice(0, -4)}9999`, 'heated-seats')).exitCode).toBe(1);
      const unsold = await call(vin, 'heated-seats', '--duration', '8 days');
      expect([unsold.exitCode, unsold.stdout]).toEqual([2, '']);
      expect(unsold.stderr).toContain('heated-seats is not sold for 8 days, but for: ');
      const failed = await call(vehicles[1]?.vin ?? '', 'heated-seats', '--wait');
      expect(linesOf(failed.stdout)[1]).toMatch(
        /^Heated seats on \w+ did not become active; the hold of 4\.90 EUR is released, and nothing is charged; ticket tkt_\w+$/,
      );
      expect(failed.exitCode).toBe(1);
    },
  ));

test('fleetwake buy --wait ends with 3 where nothing has ended within --within', () =>
  withPlatform({ timeScale: 1, vehicles: [{ isPlayedByHand: true }] }, async (platform) => {
    const { dataFolder, vin } = platform;
    const call = ['buy', vin, 'heated-seats', '--wait', '--within', '1 s', ...at(platform)];
    const outcome = await fleetwake(dataFolder, call);
    expect(linesOf(outcome.stdout)[1]).toMatch(
      new RegExp(`^Heated seats on ${vin} has not ended: [a-z ]+, payment authorised$`),
    );
    expect(outcome.exitCode).toBe(3);
  }));

/** A line to the platform that can be cut. */
async function withProxy(origin: string, work: (proxy: { url: string; cut(): void }) => Promise<void>) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(Number(new URL(origin).port), '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  try {
    await work({ url: `http://127.0.0.1:${port}`, cut });
  } finally {
    cut();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('fleetwake events shows each event once while its connection is cut, and what happened meanwhile', () =>
  withPlatform({}, (platform) =>
    withProxy(platform.origins.platform, async ({ url, cut }) => {
      const { dataFolder } = platform;
      const call = ['events', '--data', dataFolder, '--platform-url', url, '--json', '--after', '0'];
      await withFleetwake(dataFolder, call, async (command) => {
        const entries = () => linesOf(command.stdout()).map((line) => JSON.parse(line) as RecordEntry);
        const first = await buy(platform);
        await ended(platform, first);
        await until(() => entries().some(({ type }) => type === 'activation.active'), 'the first is seen');
        cut();
        await until(() => command.stderr().includes('the connection was lost ('), 'it says so');
        const second = await buy(platform, { serviceId: 'ambient-light' });
        await ended(platform, second);
        await until(
          () =>
            entries().some(
              ({ type, purchaseId }) => type === 'activation.active' && purchaseId === second.id,
            ),
          'the second is seen',
        );
        const sequences = entries().map(({ sequence }) => sequence);
        expect(sequences).toEqual(sequences.map((_, index) => index + 1));
        expect(command.stderr()).toMatch(
          /^fleetwake: the connection was lost \([^)]+\); connecting again after event \d+\n/,
        );
        command.process.kill('SIGTERM');
        expect(await command.exitCode()).toBe(0);
      });
      const shown = await fleetwake(dataFolder, [
        ...['events', ...at(platform), '--after', '0', '--count', '2'],
      ]);
      expect([shown.exitCode, shown.stderr]).toEqual([0, '']);
      expect(shown.stdout).toMatch(
        /^20\S+Z {2}pur_\w+ {2}customer {2}\S.*\n20\S+Z {2}pur_\w+ {2}\S+ {2}\S.*\n$/,
      );
    }),
  ));

test('fleetwake events ends when its reader leaves, and names what is not there', () =>
  withPlatform({}, async (platform) => {
    const { dataFolder } = platform;
    const call = ['events', ...at(platform), '--after', '0'];
    await ended(platform, await buy(platform));
    await withFleetwake(dataFolder, call, async (command) => {
      await until(() => command.stdout() !== '', 'the first line is there');
      command.process.stdout?.destroy();
      await ended(platform, await buy(platform, { serviceId: 'ambient-light' }));
      expect(await command.exitCode()).toBe(0);
    });
    const nowhere = await fleetwake(dataFolder, [
      ...['events', '--data', dataFolder, '--platform-url', 'http://127.0.0.1:1'],
    ]);
    expect([nowhere.exitCode, nowhere.stdout]).toEqual([2, '']);
    expect(nowhere.stderr).toMatch(
      /^fleetwake: no platform API answers at http:\/\/127\.0\.0\.1:1 \(.*ECONNREFUSED\): start it with "fleetwake up", or give its address with --platform-url\n$/,
    );
  }));
