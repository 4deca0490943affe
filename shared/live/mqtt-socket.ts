import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A connection to a broker: TLS for `mqtts:`, where the broker's certificate is checked. */
export function openSocket(url: URL): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'mqtts:' || url.protocol === 'tls:') {
    return connectTls({ host, port: Number(url.port || 8883), servername: host });
  }
  return connectTcp({ host, port: Number(url.port || 1883), noDelay: true });
}
