import type { Socket } from 'node:net';
import { packetMaxBytes } from '../../shared/protocol/broker-limits.ts';

/**
 * Watches the fixed headers in a byte stream (MQTT 3.1.1 section 2.2): the parser behind it would gather a packet of any
 * announced length, up to 256 MB, before it looked at one byte.
 */
export function packetGuard(maxBytes: number) {
  /** Bytes of the present packet that are still to come; below zero while its header is read. */
  let bodyLeft = -1;
  let length = 0;
  let headerBytes = 0;

  return {
    /** False as soon as a packet announces more than the limit, or a length that is none. */
    accepts(chunk: Uint8Array): boolean {
      let index = 0;
      while (index < chunk.length) {
        if (bodyLeft > 0) {
          const step = Math.min(bodyLeft, chunk.length - index);
          bodyLeft -= step;
          index += step;
          if (bodyLeft === 0) bodyLeft = -1;
          continue;
        }
        const byte = chunk[index] ?? 0;
        index += 1;
        headerBytes += 1;
        if (headerBytes === 1) continue;
        length += (byte & 0x7f) * 128 ** (headerBytes - 2);
        if (byte >= 0x80 && headerBytes < 5) continue;
        if (byte >= 0x80 || length + headerBytes > maxBytes) return false;
        bodyLeft = length === 0 ? -1 : length;
        length = 0;
        headerBytes = 0;
      }
      return true;
    },
  };
}

/** Closes the socket before the broker reads a packet that is too long. */
export function guardSocket(socket: Socket, onRefused: () => void): void {
  const guard = packetGuard(packetMaxBytes);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk: unknown = read(size);
    if (!(chunk instanceof Uint8Array) || guard.accepts(chunk)) return chunk;
    onRefused();
    socket.destroy();
    return null;
  };
}
