import { expect, it } from 'vitest';
import { lateBus } from '../../../gateway/live/late-bus.ts';
import { memoryBus } from '../../../shared/memory/bus.ts';
import { type Bus, BusUnavailable } from '../../../shared/ports/bus.ts';
import type { Log } from '../../../shared/ports/log.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

const wakeUps = {
  stream: 'FLEETWAKE_WAKEUPS',
  durable: 'engine',
  subject: 'fleetwake.wake.>',
  ackWaitMs: 60_000,
  concurrency: 4,
};

/** A bus behind a server that is away until `server.isThere`. */
function withServer(isThere: boolean) {
  const clock = manualClock(0);
  const lines: string[] = [];
  const write = (level: string) => (event: string) => void lines.push(`${level} ${event}`);
  const log: Log = { info: write('info'), warn: write('warn'), error: write('error') };
  const inner = memoryBus({ clock });
  const server = { isThere, openings: [] as number[] };
  const open = async (): Promise<Bus> => {
    server.openings.push(clock.now() / 1_000);
    if (!server.isThere) throw new BusUnavailable('NATS at nats://nowhere cannot be used');
    return inner;
  };
  return { clock, log, lines, server, open };
}

it('is there at once where its server is', async () => {
  const { clock, log, lines, open } = withServer(true);
  const bus = await lateBus({ open, isFinal: () => false, clock, log });
  expect(bus.problem()).toBeNull();
  const seen: string[] = [];
  await bus.consume(wakeUps, async ({ payload, ack }) => {
    seen.push(payload);
    ack();
  });
  await bus.publish('fleetwake.wake.a', 'a');
  await clock.advance(0);
  expect([seen, lines]).toEqual([['a'], []]);
  await bus.close();
});

it('opens without its server, refuses publishes at once, and hands out messages as soon as the server is there', async () => {
  const { clock, log, lines, server, open } = withServer(false);
  const bus = await lateBus({ open, isFinal: () => false, clock, log });
  expect(bus.problem()).toBe('NATS at nats://nowhere cannot be used');
  await expect(bus.publish('fleetwake.wake.a', 'early')).rejects.toBeInstanceOf(BusUnavailable);
  const seen: string[] = [];
  const consumption = await bus.consume(wakeUps, async ({ payload, ack }) => {
    seen.push(payload);
    ack();
  });
  await clock.advance(35_000);
  expect(server.openings).toEqual([0, 1, 2, 4, 8, 16, 26]);
  server.isThere = true;
  await clock.advance(1_000);
  expect([server.openings.at(-1), bus.problem()]).toEqual([36, null]);
  await bus.publish('fleetwake.wake.a', 'late');
  await clock.advance(0);
  expect(seen).toEqual(['late']);
  await consumption.stop();
  await bus.publish('fleetwake.wake.a', 'after');
  await clock.advance(0);
  expect(seen).toEqual(['late']);
  expect([lines[0], lines.at(-1)]).toEqual(['error bus.away_at_start', 'info bus.opened']);
  await bus.close();
  expect(clock.pending()).toEqual([]);
});

it('is not opened at all where no waiting would help', async () => {
  const { clock, log } = withServer(false);
  const missing = new Error('nats-server is not installed');
  const open = () => Promise.reject(missing);
  await expect(lateBus({ open, isFinal: () => true, clock, log })).rejects.toBe(missing);
  expect(clock.pending()).toEqual([]);
});

it('stops trying when it is closed', async () => {
  const { clock, log, server, open } = withServer(false);
  const bus = await lateBus({ open, isFinal: () => false, clock, log });
  await bus.close();
  await clock.advance(60_000);
  expect(server.openings).toEqual([0]);
});
