import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { wallClock } from '../../../shared/live/clock.ts';
import { liveHttp } from '../../../shared/live/http.ts';
import { isPublicAddress } from '../../../shared/live/public-addresses.ts';

it.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.31.255.255',
  '192.168.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  'fc00::1',
  'fe80::1',
  'ff02::1',
  'localhost',
  '',
])('%s is not the public internet', (address) => expect(isPublicAddress(address)).toBe(false));

it.each(['1.1.1.1', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '2a00:1450::1', '::ffff:1.1.1.1'])(
  '%s is the public internet',
  (address) => expect(isPublicAddress(address)).toBe(true),
);

/** A server on this machine that notes what reached it. */
async function withServer(run: (port: number, seen: string[]) => Promise<void>): Promise<void> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    response.end('inside');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await run((server.address() as AddressInfo).port, seen);
  } finally {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  }
}

const hosts = ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]'];

it.each(hosts)('a URL from an API client does not reach this machine as %s', (host) =>
  withServer(async (port, seen) => {
    const { http } = liveHttp({ clock: wallClock, timeoutMs: 5_000, reach: 'public' });
    const url = `http://${host}:${port}/metadata`;
    await expect(http(new Request(url, { method: 'POST', body: 'x' }))).rejects.toMatchObject({
      name: 'TransportError',
      kind: 'refused',
      mayHaveSucceeded: false,
      message: `POST ${new URL(url).href}: ENOTPUBLIC`,
    });
    expect(seen).toEqual([]);
  }),
);

it('a configured URL reaches this machine', () =>
  withServer(async (port, seen) => {
    const { http } = liveHttp({ clock: wallClock, timeoutMs: 5_000 });
    expect(await (await http(new Request(`http://localhost:${port}/ours`))).text()).toBe('inside');
    expect(seen).toEqual(['/ours']);
  }));
