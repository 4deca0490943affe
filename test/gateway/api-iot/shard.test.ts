import { expect, it } from 'vitest';
import { clientIdOf, hasVehicle, shardOfText, textOfShard } from '../../../gateway/api-iot/shard.ts';
import { readConfig } from '../../../gateway/config.ts';
import { roleFault } from '../../../gateway/live/roles.ts';

const vins = Array.from({ length: 3_000 }, (_, index) => `WFWAUR00000${String(index).padStart(6, '0')}`);

it('every vehicle belongs to one shard, and the shards are about as large', () => {
  for (const of of [1, 2, 3, 7]) {
    const shards = Array.from({ length: of }, (_, index) => ({ index: index + 1, of }));
    const owners = vins.map((vin) => shards.filter((shard) => hasVehicle(shard, vin)).length);
    expect(new Set(owners)).toEqual(new Set([1]));
    const sizes = shards.map((shard) => vins.filter((vin) => hasVehicle(shard, vin)).length);
    expect(Math.min(...sizes)).toBeGreaterThan((0.8 * vins.length) / of);
  }
});

it('belongs to the same shard in every version: a rolling upgrade leaves no vehicle without a process', () => {
  const ofThree = ['1M8GDM9AXKP042788', 'WDBEA30D3HA391172', 'WFWAUR00000000001'].map((vin) =>
    [1, 2, 3].filter((index) => hasVehicle({ index, of: 3 }, vin)),
  );
  expect(ofThree).toMatchInlineSnapshot(`
    [
      [
        2,
      ],
      [
        3,
      ],
      [
        3,
      ],
    ]
  `);
});

it('is written as its number and the number of all', () => {
  expect(
    ['1/1', '2/3', '64/64'].map((text) => textOfShard(shardOfText(text) ?? { index: 0, of: 0 })),
  ).toEqual(['1/1', '2/3', '64/64']);
  for (const text of ['0/1', '2/1', '1', '1/65', '1/2/3', '-1/2', '1.5/2', ''])
    expect(shardOfText(text)).toBeNull();
  expect([clientIdOf({ index: 1, of: 1 }), clientIdOf({ index: 2, of: 3 })]).toEqual([
    'api-iot',
    'api-iot-2-of-3',
  ]);
});

it('needs what the processes share: a database, a broker and a public address', () => {
  const faultOf = (environment: Readonly<Record<string, string>>) => {
    const reading = readConfig({ roles: 'api-iot' }, environment);
    if ('faults' in reading) throw new Error(reading.faults.join());
    return roleFault(reading.config);
  };
  const broker = { API_IOT_SHARD: '1/2', MQTT_URL: 'mqtt://127.0.0.1:1' };
  const database = { API_IOT_DATABASE_URL: 'postgres://127.0.0.1:1/api_iot' };
  expect(faultOf(broker)).toBe(
    '--api-iot-shard 1/2: several API IoT processes need one database, one broker and one public address: set API_IOT_DATABASE_URL and API_IOT_PUBLIC_URL',
  );
  expect(faultOf({ ...broker, ...database, API_IOT_PUBLIC_URL: 'http://iot.example' })).toBeNull();
});
