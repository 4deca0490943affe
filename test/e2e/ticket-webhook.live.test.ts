import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { verifyCallback } from '../../gateway/http/webhook-signature.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { Address } from '../../shared/protocol/address.ts';
import { buy, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { byRest, move } from './escalation.ts';
import { ended } from './story.ts';

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const busyOnce = { type: 'ecu_busy', attributes: { first: 1, feature: null } } as const;

interface Hook {
  readonly url: string;
  /** Types of the events that came with a good signature, in order. */
  readonly types: string[];
}

/** An outside system that receives ticket events. */
async function withHook(run: (hook: Hook) => Promise<void>): Promise<void> {
  const types: string[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const headers = new Headers(request.headers as Record<string, string>);
      const verdict = verifyCallback({ secret, secrets: systemSecrets, now: Date.now() }, headers, body);
      if (verdict.ok) types.push((JSON.parse(body) as { type: string }).type);
      response.writeHead(verdict.ok ? 204 : 403).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await run({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, types });
  } finally {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

test('an outside system receives each event of a ticket once, in order, from its opening to its end', () =>
  withHook((hook) =>
    withPlatform(
      {
        vehicles: [{ faults: [busyOnce] }],
        timeScale: 300,
        policy: { maxRetries: 0 },
        config: { ticketWebhookUrl: new Address(hook.url), ticketWebhookSecret: secret },
      },
      async (platform) => {
        const { ticketId } = await ended(platform, await buy(platform));
        const id = ticketId ?? '';
        const { make, look } = byRest(platform);
        const assign = move('assign', { technician: 'technician-2' });
        const payload = move('payload', { parameters: { levels: 2 } });
        for (const step of [assign, move('start'), payload, move('retry')]) await make(id, step);
        await until(async () => (await look(id)).state === 'resolved', 'the retry resolves the ticket');
        expect(await make(id, move('close'))).toBe('closed');
        const expected = [
          'opened',
          'assigned',
          'started',
          'payload_changed',
          'retry_started',
          'resolved',
          'closed',
        ];
        await until(() => hook.types.length >= expected.length, 'the webhook has told all');
        expect(hook.types).toEqual(expected.map((type) => `ticket.${type}`));
      },
    ),
  ));
