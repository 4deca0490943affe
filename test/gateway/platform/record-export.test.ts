import { describe, expect, it } from 'vitest';
import { order, type World } from '../../helpers/platform-under-test.ts';
import { as, bearer, withPeople } from './people.ts';
import { problem } from './problem.ts';

interface Line {
  readonly at: number;
  readonly type: string;
  readonly what: string;
  readonly cause: string | null;
  readonly actor: string;
  readonly data: Record<string, unknown>;
}

/** Ana's purchase that failed; a technician has worked on its ticket. */
async function failed(world: World): Promise<string> {
  const { body } = await as(world, 'ana', 'POST', '/purchases', order);
  await world.clock.advance(1_000);
  await world.engine.reject(body.activation.id);
  const { ticketId } = (await as(world, 'support', 'GET', `/purchases/${body.id}`)).body;
  const by = 'technician-1';
  const moves: [string, object][] = [
    ['start', { by }],
    ['comment', { by, text: 'HTTP 409 <b>from</b> the gateway' }],
    ['contact', { by, message: 'When may we <call> you?' }],
  ];
  for (const [move, sent] of moves) {
    const answer = await as(world, 'support', 'POST', `/tickets/${ticketId}/${move}`, sent);
    expect([move, answer.status]).toEqual([move, 200]);
  }
  return body.id;
}

const exported = async (world: World, who: string, id: string, query = '') =>
  as(world, who, 'GET', `/purchases/${id}/record/export${query}`);

const rows = (lines: readonly Line[]) =>
  lines.map(({ type, what, cause, actor }) => [type, what, cause, actor]);

const supportRows = [
  ['purchase.created', 'Heated seats was bought', "the customer's order", 'customer'],
  ['payment.authorised', 'the amount is reserved', 'the payment service agreed', 'payments'],
  [
    'activation.payment_confirmed',
    'the payment was confirmed',
    'the payment service holds or has the money',
    'engine',
  ],
  [
    'activation.queued_for_activation',
    'the activation waits for its turn',
    'the payment was confirmed',
    'engine',
  ],
  ['vehicle.checked', 'the vehicle was looked at', 'read', 'engine'],
  [
    'activation.sending_command',
    'the command is sent to the vehicle, attempt 1',
    'the first attempt was due',
    'engine',
  ],
  ['command.accepted', 'the API IoT took the command of attempt 1', 'cmd_1', 'api-iot'],
  ['activation.waiting_response', "the vehicle's answer is waited for", null, 'engine'],
  ['activation.checking_response', 'the answer is read', null, 'engine'],
  ['activation.failure', 'attempt 1 did not succeed', 'vehicle incompatible: unsupported hardware', 'engine'],
  ['activation.evaluating_retry', 'whether to try again is decided', null, 'engine'],
  [
    'activation.querying_vehicle_state',
    'the vehicle is asked once more',
    'no further attempt follows',
    'engine',
  ],
  [
    'activation.escalating_to_support',
    'support takes it over',
    'vehicle incompatible: unsupported hardware',
    'engine',
  ],
  ['activation.reversing_payment', 'the payment is reversed', 'the service was not delivered', 'engine'],
  ['ticket.opened', 'a support ticket was opened', 'the activation has failed', 'engine'],
  ['payment.voided', 'the reservation was released', 'nothing is charged', 'payments'],
  ['activation.notifying_failure', 'the customer is notified', 'it failed', 'engine'],
  ['activation.failed', 'the activation has failed', 'it was not delivered', 'engine'],
  ['ticket.started', 'support works on it', 'a technician took it up', 'support:technician-1'],
  [
    'ticket.commented',
    'a technician noted something',
    'HTTP 409 <b>from</b> the gateway',
    'support:technician-1',
  ],
  [
    'ticket.customer_contacted',
    'support wrote to the customer',
    'When may we <call> you?',
    'support:technician-1',
  ],
];

const hidden = new Set([
  'vehicle.checked',
  'command.accepted',
  'activation.waiting_response',
  'activation.checking_response',
  'activation.evaluating_retry',
  'ticket.commented',
]);

/** The same lines: those that are for customers, in words, of support instead of a technician. */
const customerRows = supportRows
  .filter(([type]) => !hidden.has(type ?? ''))
  .map(([type, what, cause, actor]) => [
    type,
    what,
    cause?.startsWith('vehicle incompatible') ? 'the vehicle does not support the service' : cause,
    actor === 'support:technician-1' ? 'support' : actor,
  ]);

describe('the export of a record', () => {
  it('is the whole record as JSON, with time, cause and actor of each line', () =>
    withPeople(async (world) => {
      const id = await failed(world);
      const { status, body, headers } = await exported(world, 'support', id);
      expect([status, body.view, body.exportedAt, body.complete, body.purchase.id]).toEqual([
        200,
        'support',
        1_800_000_001_000,
        true,
        id,
      ]);
      expect([headers.get('content-disposition'), headers.get('cache-control'), headers.get('vary')]).toEqual(
        [`inline; filename="record-${id}.json"`, 'no-store', 'Accept'],
      );
      expect(rows(body.events)).toEqual(supportRows);
      expect(body.events.map(({ at }: Line) => at - 1_800_000_000_000)).toEqual([
        ...[0, 0, 0, 0],
        ...Array.from({ length: 17 }, () => 1_000),
      ]);
    }));

  it('has a customer view of the same lines, without our internals and technicians’ names', () =>
    withPeople(async (world) => {
      const id = await failed(world);
      const own = await exported(world, 'ana', id);
      expect(rows(own.body.events)).toEqual(customerRows);
      const text = JSON.stringify(own.body.events);
      expect(text.match(/technician-1|HTTP|cmd_1|unsupported hardware|pi_1/)).toBe(null);
      const failure = own.body.events.find(({ type }: Line) => type === 'activation.failure');
      expect(failure.data).toEqual({ attempt: 1 });
      const asked = await exported(world, 'support', id, '?view=customer');
      expect(asked.body).toEqual(own.body);
      const pages: Line[] = [];
      for (let next: string | null = '0'; next !== null; ) {
        const { body } = await as(world, 'ana', 'GET', `/purchases/${id}/record?limit=4&cursor=${next}`);
        pages.push(...body.events);
        next = body.next;
      }
      expect(pages).toEqual(own.body.events);
    }));

  it('refuses the support view to a customer, with the fix', () =>
    withPeople(async (world) => {
      const id = await failed(world);
      for (const path of [`/purchases/${id}/record`, `/purchases/${id}/record/export`]) {
        const { status, body } = await as(world, 'ana', 'GET', `${path}?view=support`);
        expect([status, body]).toEqual([
          403,
          problem(
            'not-permitted',
            "A customer's token reads the customer view: send view=customer, or leave it out.",
          ),
        ]);
      }
    }));

  it('is a page by Accept or by format, which goes first', () =>
    withPeople(async (world) => {
      const id = await failed(world);
      const typeOf = async (query: string, accept: string) => {
        const headers = { authorization: await bearer(world, 'support'), accept };
        const answer = await world.fetch(`/purchases/${id}/record/export${query}`, { headers });
        await answer.text();
        return answer.headers.get('content-type');
      };
      const page = 'text/html; charset=UTF-8';
      expect(await typeOf('', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8')).toBe(page);
      expect(await typeOf('', '*/*')).toBe('application/json');
      expect(await typeOf('', 'text/html;q=0.1, application/json')).toBe('application/json');
      expect(await typeOf('?format=html', 'application/json')).toBe(page);
      expect(await typeOf('?format=json', 'text/html')).toBe('application/json');
    }));

  it('is a page that needs nothing from elsewhere, can be read by a screen reader, and runs nothing', () =>
    withPeople(async (world) => {
      const id = await failed(world);
      const { body: page, headers } = await exported(world, 'support', id, '?format=html');
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      );
      expect(page.match(/<(script|link|img|iframe|object)\b|\b(src|href)=|@import|url\(/)).toBe(null);
      expect(page).toContain('<!doctype html>\n<html lang="en">');
      expect(page).toContain(`<title>Record of purchase ${id}</title>`);
      expect([...page.matchAll(/<h(\d)/g)].map(([, level]) => level)).toEqual(['1', '2', '2']);
      expect([...page.matchAll(/<main>|<\/main>|<header>|<caption>/g)].map(([tag]) => tag)).toEqual([
        '<header>',
        '<main>',
        '<caption>',
        '<caption>',
        '</main>',
      ]);
      expect([...page.matchAll(/<th scope="col">([^<]*)</g)].map(([, head]) => head)).toEqual([
        ...['Field', 'Value'],
        ...['When', 'What', 'Why', 'Who', 'Details'],
      ]);
      // Each row begins with its heading.
      expect(page.match(/<tr>/g)?.length).toBe(2 + (page.match(/<tr><th scope="row">/g)?.length ?? 0));
      expect(page).toContain('HTTP 409 &lt;b&gt;from&lt;/b&gt; the gateway');
      expect(page).not.toContain('<b>from');
      expect(page).toContain(
        '<tr><th scope="row"><time datetime="2027-01-15T08:00:01.000Z">2027-01-15 08:00:01.000 UTC</time></th><td>attempt 1 did not succeed</td><td>vehicle incompatible: unsupported hardware</td><td>engine</td>',
      );
    }));

  it('as a page for the customer has four columns, and none of the internals', () =>
    withPeople(async (world) => {
      const id = await failed(world);
      const { body: page } = await exported(world, 'ana', id, '?format=html');
      expect([...page.matchAll(/<th scope="col">([^<]*)</g)].map(([, head]) => head).slice(2)).toEqual([
        'When',
        'What',
        'Why',
        'Who',
      ]);
      expect(page).toContain(
        '<td>support wrote to the customer</td><td>When may we &lt;call&gt; you?</td><td>support</td>',
      );
      expect(page.match(/technician-1|HTTP|cmd_1|unsupported hardware/)).toBe(null);
    }));
});
