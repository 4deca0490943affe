import { type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import { hasVinShape } from '../../shared/protocol/vin.ts';

/** What the first bytes of a connection say about the vehicle that sent them. */
export type FirstPacket =
  | { readonly type: 'incomplete' }
  | { readonly type: 'connect'; readonly vin: string | null; readonly keepAliveSeconds: number }
  /** TLS, or no MQTT: nothing in it names a vehicle. */
  | { readonly type: 'unreadable' };

/** A CONNECT is not gathered beyond this; its largest part is a last will. */
const connectMaxBytes = 65_536;
/** First byte of an MQTT CONNECT (MQTT 3.1.1 section 3.1.1). A TLS connection begins with 0x16. */
const connectByte = 0x10;

/** Reads the first packet of a connection, MQTT 3.1.1 or 5, from its first bytes. */
export function readFirstPacket(bytes: Uint8Array): FirstPacket {
  if (bytes.length === 0) return { type: 'incomplete' };
  if (bytes[0] !== connectByte || bytes.length > connectMaxBytes) return { type: 'unreadable' };
  const packets: Packet[] = [];
  let isBroken = false;
  const reading = parser();
  reading.on('packet', (packet: Packet) => packets.push(packet));
  reading.on('error', () => {
    isBroken = true;
  });
  reading.parse(Buffer.from(bytes));
  const [first] = packets;
  if (first?.cmd === 'connect') return named(first);
  return isBroken || first ? { type: 'unreadable' } : { type: 'incomplete' };
}

function named({ username, clientId, keepalive }: IConnectPacket): FirstPacket {
  const names = [username ?? '', clientId, clientId.replace(/^vehicle-/, '')];
  return { type: 'connect', vin: names.find(hasVinShape) ?? null, keepAliveSeconds: keepalive ?? 0 };
}
