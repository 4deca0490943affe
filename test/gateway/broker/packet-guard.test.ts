import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { packetGuard } from '../../../gateway/broker/packet-guard.ts';

/** A PUBLISH on topic `t` without QoS, and a PINGREQ (MQTT 3.1.1 sections 3.3 and 3.12). */
function packet(bytes: number): Buffer {
  const length = 3 + bytes;
  const header = length < 128 ? [0x30, length] : [0x30, (length % 128) + 128, Math.floor(length / 128)];
  return Buffer.from([...header, 0x00, 0x01, 0x74, ...new Array<number>(bytes).fill(120)]);
}
const ping = Buffer.from([0xc0, 0x00]);

test.prop([
  fc.array(fc.oneof(fc.nat(300), fc.constant(-1)), { minLength: 1, maxLength: 20 }),
  fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 20 }),
])('finds the packets over the limit, however the stream is cut', (sizes, cuts) => {
  const packets = sizes.map((size) => (size < 0 ? ping : packet(size)));
  const stream = Buffer.concat(packets);
  const guard = packetGuard(200);
  let accepted = true;
  for (let at = 0, index = 0; at < stream.length && accepted; index += 1) {
    const length = cuts[index % cuts.length] ?? 1;
    accepted = guard.accepts(stream.subarray(at, at + length));
    at += length;
  }
  expect(accepted).toBe(packets.every((item) => item.length <= 200));
});
