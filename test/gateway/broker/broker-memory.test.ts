import { describe, expect, test, vi } from 'vitest';
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

/** How many entries of maps one subscription looks at among so many retained messages. */
async function looks(count: number): Promise<number> {
  const { persistence } = newMemory();
  for (let index = 0; index < count; index += 1) {
    await persistence.storeRetained(packet(`vehicles/${index}/evt/status`, 'on'));
  }
  let entries = 0;
  const { get } = Map.prototype;
  const counting = (name: 'entries' | 'keys' | 'values' | typeof Symbol.iterator) => {
    const whole = Map.prototype[name] as (this: Map<unknown, unknown>) => MapIterator<unknown>;
    return vi.spyOn(Map.prototype, name as 'entries').mockImplementation(function (
      this: Map<unknown, unknown>,
    ) {
      entries += this.size;
      return whole.call(this) as MapIterator<[unknown, unknown]>;
    });
  };
  const spies = [
    vi.spyOn(Map.prototype, 'get').mockImplementation(function (this: Map<unknown, unknown>, key) {
      entries += 1;
      return get.call(this, key);
    }),
    ...(['entries', 'keys', 'values', Symbol.iterator] as const).map(counting),
  ];
  try {
    expect(await topicsOf(persistence.createRetainedStreamCombi(['vehicles/7/cmd/#']))).toEqual([]);
    return entries;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test("a vehicle's subscription looks at as much at 20,000 retained messages as at 200", async () => {
  const few = await looks(200);
  expect(few).toBeGreaterThan(0);
  expect(await looks(20_000)).toBe(few);
});
