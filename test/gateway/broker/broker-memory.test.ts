import { describe, expect, test } from 'vitest';
import { brokerMemory } from '../../../gateway/broker/broker-memory.ts';

const packet = (topic: string, payload: string) =>
  ({ cmd: 'publish', topic, payload: Buffer.from(payload), qos: 1, retain: true, dup: false }) as const;

function newMemory() {
  return brokerMemory({
    waitingMaxOf: () => 2,
    onDropped: () => {},
    isGranted: (_client, filter) => filter !== 'refused',
  });
}

async function topicsOf(stream: AsyncIterable<{ topic: string; payload: Buffer }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { topic, payload } of stream) found.push(`${topic} ${payload.toString()}`);
  return found;
}

describe("aedes' persistence as the broker uses it", () => {
  test('streams the retained message of one filter and of several', async () => {
    const { persistence } = newMemory();
    for (const name of ['a', 'b', 'c']) await persistence.storeRetained(packet(`vehicles/${name}/s`, name));
    await persistence.storeRetained(packet('vehicles/b/s', ''));
    expect(await topicsOf(persistence.createRetainedStream('vehicles/a/s'))).toEqual(['vehicles/a/s a']);
    expect(await topicsOf(persistence.createRetainedStream('vehicles/b/s'))).toEqual([]);
    expect(
      await topicsOf(persistence.createRetainedStreamCombi(['vehicles/+/s', 'vehicles/c/s', 'vehicles/b/#'])),
    ).toEqual(['vehicles/a/s a', 'vehicles/c/s c', 'vehicles/c/s c']);
  });

  test('keeps a copy of a retained message: what its publisher does with it later changes nothing', async () => {
    const { persistence } = newMemory();
    const given = { ...packet('a', 'one') };
    await persistence.storeRetained(given);
    given.payload = Buffer.from('two');
    expect(await topicsOf(persistence.createRetainedStream('a'))).toEqual(['a one']);
  });

  test('keeps the granted filters of a SUBSCRIBE packet and not its refused ones', async () => {
    const { persistence } = newMemory();
    const subscriptions = ['granted', 'refused'].map((topic) => ({ topic, qos: 1 }));
    await persistence.addSubscriptions({ id: 'one' }, subscriptions);
    const kept = persistence as unknown as {
      subscriptionsByClient(client: { id: string }): Promise<{ topic: string }[]>;
    };
    expect((await kept.subscriptionsByClient({ id: 'one' })).map(({ topic }) => topic)).toEqual(['granted']);
  });
});

/** Microseconds for one look-up among so many retained messages; the least of several rounds. */
async function costUs(count: number): Promise<number> {
  const { persistence } = newMemory();
  for (let index = 0; index < count; index += 1) {
    await persistence.storeRetained(packet(`vehicles/${index}/evt/status`, 'on'));
  }
  let leastUs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    const startedAt = performance.now();
    for (let index = 0; index < 200; index += 1) {
      const own = persistence.createRetainedStreamCombi([`vehicles/${index}/cmd/#`]);
      expect(await topicsOf(own)).toEqual([]);
    }
    leastUs = Math.min(leastUs, ((performance.now() - startedAt) * 1_000) / 200);
  }
  return leastUs;
}

test("a vehicle's subscription costs the same at 20,000 retained messages as at 200", async () => {
  await costUs(200);
  expect((await costUs(20_000)) / (await costUs(200))).toBeLessThan(5);
});
