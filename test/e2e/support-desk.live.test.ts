import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { verifyCallback } from '../../gateway/http/webhook-signature.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';
import { activationOf, ended, featureOf, get, mailsOf, pushesOf } from './story.ts';
import { buy, type Platform, waitFor, withPlatform } from './support.ts';

beforeAll(buildWhenOutdated);

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const busyOnce = { type: 'ecu_busy', attributes: { first: 1, feature: null } } as const;
const by = ['--as', 'technician-1'];

interface Hook {
  readonly url: string;
  /** Types of the events that came with a good signature, in order. */
  readonly types: string[];
}

/** Somebody else's system that is told of ticket events. */
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

/** `fleetwake ticket …` at this platform; the state that it leaves the ticket in. */
async function ticket(platform: Platform, id: string, ...parameters: string[]): Promise<string> {
  const place = ['--platform-url', platform.origins.platform, '--data', platform.dataFolder];
  const { exitCode, stdout, stderr } = await fleetwake(platform.dataFolder, [
    'ticket',
    id,
    ...parameters,
    ...place,
    '--json',
  ]);
  if (exitCode !== 0) return stderr.trim();
  return (JSON.parse(stdout) as { state: string }).state;
}

test('a technician works a ticket from assignment to a manual activation, on real parts, and an outside system hears of it', () =>
  withHook((hook) =>
    withPlatform(
      {
        vehicles: [{ faults: [busyOnce] }],
        timeScale: 300,
        policy: { maxRetries: 0 },
        config: { ticketWebhookUrl: hook.url, ticketWebhookSecret: secret },
      },
      async (platform) => {
        const bought = await buy(platform);
        const { ticketId, vin } = await ended(platform, bought);
        const id = ticketId ?? '';
        expect(await ticket(platform, id, 'retry', ...by)).toBe(
          `fleetwake: The ticket ${id} takes no retry now: a ticket that is assigned has no retry. It takes: assign, start, comment, contact.`,
        );
        expect(await ticket(platform, id, 'assign', '--technician', 'technician-2', ...by)).toBe('assigned');
        expect(await ticket(platform, id, 'start', ...by)).toBe('in_progress');
        expect(await ticket(platform, id, 'payload', '--set', 'levels=2', ...by)).toBe('in_progress');
        expect(await ticket(platform, id, 'retry', ...by)).toBe('waiting_for_activation');
        await waitFor(async () => {
          const { state } = await get<{ state: string }>(platform, `/tickets/${id}`);
          return state === 'resolved';
        }, 'the retry resolves the ticket');
        expect(featureOf(platform, vin, 'heated_seats')).toBe('active');
        expect(await ticket(platform, id, 'close', ...by)).toBe('closed');
        const subject = 'Your Heated seats is now active';
        await waitFor(async () => {
          const mails = await mailsOf(platform, bought);
          return mails.some((mail) => mail.subject === subject);
        }, 'the customer is told');
        const mails = await mailsOf(platform, bought);
        const told = mails.find((mail) => mail.subject === subject);
        expect(told?.text.replaceAll('\r\n', '\n').trim()).toBe(`Hello Ana Torres,

Our technical support team has activated Heated seats on your Aurora 2026.
You can start using this feature immediately.

You have not been charged, and you will not be charged for it.

Reference number: ${id}

View full details in your expediente de compra:
${platform.origins.platform}/purchases/${bought.id}`);
        expect(mails.filter((mail) => mail.subject === subject)).toHaveLength(1);
        await waitFor(
          () => pushesOf(platform).some(({ title }) => title === 'Service now active'),
          'the customer is told by push',
        );
        const { netMinor } = await platform.standIns.ledger.net(bought.activation.id);
        expect(netMinor).toBe(0);
        expect((await activationOf(platform, bought)).phase).toBe('failed');
        const expected = [
          'opened',
          'assigned',
          'started',
          'payload_changed',
          'retry_started',
          'resolved',
          'closed',
        ];
        await waitFor(() => hook.types.length >= expected.length, 'the webhook has told all');
        expect(hook.types).toEqual(expected.map((type) => `ticket.${type}`));
      },
    ),
  ));

test('and from assignment to the two other resolutions, each with its mail', () =>
  withPlatform(
    { vehicles: [{ faults: [busyOnce] }, { faults: [busyOnce] }], timeScale: 300, policy: { maxRetries: 0 } },
    async (platform) => {
      const [first, second] = [await buy(platform), await buy(platform, { vehicle: 1 })];
      const ids = [
        (await ended(platform, first)).ticketId ?? '',
        (await ended(platform, second)).ticketId ?? '',
      ];
      const [hardware = '', bug = ''] = ids;
      const visit = ['--workshop', 'Workshop North', '--at', '2027-01-18T09:00Z'];
      await ticket(platform, hardware, 'start', ...by);
      expect(await ticket(platform, hardware, 'inspection', ...visit, '--reason', 'seat heater', ...by)).toBe(
        'waiting_for_workshop',
      );
      const serviced = ['resolve', '--resolution', 'service-appointment', ...visit, ...by];
      expect(await ticket(platform, hardware, ...serviced)).toBe('resolved');
      await ticket(platform, bug, 'start', ...by);
      const escalated = ['escalate', '--team', 'development', '--reason', 'wrong payload', ...by];
      expect(await ticket(platform, bug, ...escalated)).toBe('waiting_for_team');
      const reported = [
        '--resolution',
        'bug-report',
        '--reference',
        'BUG-7',
        '--workaround',
        'Use the buttons.',
      ];
      expect(await ticket(platform, bug, 'resolve', ...reported, ...by)).toBe('resolved');
      const last = async (bought: typeof first) => (await mailsOf(platform, bought)).at(-1)?.subject;
      await waitFor(
        async () => (await last(first)) === 'A workshop visit is needed for your Heated seats',
        'the customer is told of the workshop',
      );
      await waitFor(
        async () => (await last(second)) === 'An alternative solution for your Heated seats',
        'the customer is told of the alternative',
      );
      await ticket(platform, hardware, 'close', ...by);
      const purchase = await get<{ serviceStatus: string }>(platform, `/purchases/${first.id}`);
      expect(purchase.serviceStatus).toBe('failed_activation');
    },
  ));
