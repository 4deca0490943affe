import { describe, expect, it } from 'vitest';
import { customerTypes } from '../../../gateway/platform/event-texts.ts';
import { pageTexts } from '../../../gateway/purchase-page/page-texts.ts';
import { purchaseLinkMs, purchaseLinks } from '../../../gateway/purchase-page/purchase-link.ts';
import { spanishHistory } from '../../../gateway/purchase-page/spanish-history.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { linkSecrets, order, register, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { boVin, withPeople } from '../platform/people.ts';

const links = purchaseLinks(systemSecrets, linkSecrets);

interface Bought {
  readonly id: string;
  readonly activation: { readonly id: string };
}

async function buy(world: World, changes: object = {}): Promise<Bought> {
  const { status, body } = await world.call('POST', '/purchases', { ...order, ...changes });
  expect(status).toBe(201);
  return body;
}

const tokenOf = (world: World, purchaseId: string, customerId = 'ana') =>
  links.tokenFor({ purchaseId, customerId, expiresAt: world.clock.now() + purchaseLinkMs });

async function get({ fetch }: World, token: string, query = '', headers: Record<string, string> = {}) {
  const answer = await fetch(`/my-purchase/${token}${query}`, { headers });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** What a reader sees, without markup. */
const shown = (page: string) =>
  page
    .replace(/<(style|title)>.*?<\/\1>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ')
    .trim();

const fieldsOf = (page: string) =>
  Object.fromEntries(
    [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  ) as Record<string, string>;

async function post({ fetch }: World, token: string, fields: Record<string, string>) {
  const answer = await fetch(`/my-purchase/${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  return { status: answer.status, location: answer.headers.get('location'), text: await answer.text() };
}

const inWorld = (run: (world: World) => Promise<void>) => () =>
  withPlatform(async (world) => {
    await register(world);
    await run(world);
  });

describe('the page of a purchase', () => {
  it(
    'shows status, money and history of what is in progress, and neither name, address nor VIN',
    inWorld(async (world) => {
      const { id } = await buy(world);
      const { status, text } = await get(world, tokenOf(world, id));
      expect(status).toBe(200);
      const page = shown(text);
      expect(page).toContain('Your purchase Heated seats In progress');
      expect(page).toContain(
        '14.90 EUR is reserved and not charged. You are charged once the service is active.',
      );
      expect(page).toContain('Vehicle Aurora Duration 1 month Price 14.90 EUR');
      expect(page).toContain('Bought 15 January 2027, 08:00 (UTC)');
      expect(page).toContain("Heated seats was bought The customer's order");
      expect(page).toContain('The amount is reserved (14.90 EUR)');
      expect(page).toContain('Cancel the purchase …');
      expect(page).toContain('It works until 15 April 2027, 08:00 (UTC).');
      for (const kept of ['Ana Torres', 'ana@example.com', order.vin]) expect(text).not.toContain(kept);
    }),
  );

  it(
    "is in the customer's language and time zone",
    inWorld(async (world) => {
      const ana = { name: 'Ana', email: 'ana@example.com', language: 'es-MX', timeZone: 'Europe/Madrid' };
      await world.call('PUT', '/customers/ana', ana);
      const { id, activation } = await buy(world);
      await world.engine.deliver(activation.id);
      const { text } = await get(world, tokenOf(world, id), '', { 'accept-language': 'en' });
      expect(text).toContain('<html lang="es">');
      const page = shown(text);
      expect(page).toContain(
        'Su compra Heated seats Activo El servicio está listo para usar en su vehículo.',
      );
      expect(page).toContain('Se ha cobrado 14.90 EUR.');
      expect(page).toContain('Activo hasta 15 de febrero de 2027, 09:00 (UTC+01:00)');
      expect(page).toContain('El vehículo la aplicó La respuesta del vehículo lo confirma');
    }),
  );

  it(
    'shows a failure with its reference, the released reservation and no way to cancel',
    inWorld(async (world) => {
      const { id, activation } = await buy(world);
      await world.engine.reject(activation.id);
      const page = shown((await get(world, tokenOf(world, id))).text);
      expect(page).toContain(
        'Not active We could not activate the service in your vehicle. Our technical support',
      );
      expect(page).toContain('The reservation of 14.90 EUR was released. You have NOT been charged.');
      expect(page).toMatch(/Reference number tkt_\d+/);
      expect(page).not.toContain('Cancel the purchase');
    }),
  );

  it(
    'needs no script, lets none run, and is neither stored, framed nor named to another page',
    inWorld(async (world) => {
      const { id } = await buy(world);
      const { headers, text } = await get(world, tokenOf(world, id));
      expect(text).not.toMatch(/<script|javascript:| on[a-z]+=|https?:\/\//);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'content-type': 'text/html; charset=UTF-8',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-robots-tag': 'noindex, nofollow',
      });
      expect(headers.get('set-cookie')).toBeNull();
    }),
  );

  it(
    'shows hostile names as text',
    inWorld(async (world) => {
      await world.database.write((transaction) =>
        transaction
          .updateTable('vehicles')
          .set({ model_name: '"><script>alert(1)</script>\u202egnp\u0007' })
          .execute(),
      );
      const { id } = await buy(world);
      const { text } = await get(world, tokenOf(world, id));
      expect(text).toContain('<bdi>&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;gnp </bdi>');
      expect(text).not.toContain('<script');
    }),
  );
});

describe('the cancellation on the page', () => {
  it(
    'asks first, then releases the reservation and shows it',
    inWorld(async (world) => {
      const { id, activation } = await buy(world);
      const token = tokenOf(world, id);
      const asked = await get(world, token, '?cancel');
      expect(shown(asked.text)).toContain(
        'Cancel this purchase? The activation stops, and the reservation of 14.90 EUR is released: you are not charged.',
      );
      const posted = await post(world, token, fieldsOf(asked.text));
      expect([posted.status, posted.location]).toEqual([303, '?requested']);
      await world.engine.apply(activation.id, { type: 'payment_voided', at: world.clock.now() });
      const page = shown((await get(world, token, '?requested')).text);
      expect(page).toContain('We have received your cancellation. Cancelled The purchase was cancelled.');
      expect(page).toContain('The reservation of 14.90 EUR was released. You have NOT been charged.');
      // A second click of the same form changes nothing.
      const again = await post(world, token, fieldsOf(asked.text));
      expect(again.status).toBe(409);
      expect(shown(again.text)).toContain('Cancelled The purchase was cancelled.');
    }),
  );

  it(
    'ends an active service, and says before that no money is returned',
    inWorld(async (world) => {
      const { id, activation } = await buy(world);
      await world.engine.deliver(activation.id);
      const token = tokenOf(world, id);
      const asked = await get(world, token, '?cancel');
      expect(shown(asked.text)).toContain('What you paid for it is not refunded.');
      expect((await post(world, token, fieldsOf(asked.text))).status).toBe(303);
      expect(shown((await get(world, token, '?requested')).text)).toContain(
        'We have received your cancellation. Ended The service has ended.',
      );
    }),
  );

  it(
    'asks anew when the service became active after the question: the customer agreed to another effect',
    inWorld(async (world) => {
      const { id, activation } = await buy(world);
      const token = tokenOf(world, id);
      const asked = await get(world, token, '?cancel');
      await world.engine.deliver(activation.id);
      const posted = await post(world, token, fieldsOf(asked.text));
      expect(posted.status).toBe(409);
      expect(shown(posted.text)).toContain(
        'Nothing was cancelled: the service became active in the meantime.',
      );
      expect(shown(posted.text)).toContain('What you paid for it is not refunded.');
      expect((await world.call('GET', `/purchases/${id}`)).body.serviceStatus).toBe('active');
      expect((await post(world, token, fieldsOf(posted.text))).status).toBe(303);
      expect((await world.call('GET', `/purchases/${id}`)).body.serviceStatus).toBe('ended');
    }),
  );

  it.each([
    ['without fields', () => ({})],
    [
      'with a signature of its own',
      (fields: Record<string, string>) => ({ ...fields, signature: '0'.repeat(32) }),
    ],
    ['with another instant', (fields: Record<string, string>) => ({ ...fields, at: '1900000000000' })],
    ['with another effect', (fields: Record<string, string>) => ({ ...fields, agreed: 'service' })],
  ])('changes nothing by a form %s', (_, change) =>
    inWorld(async (world) => {
      const { id } = await buy(world);
      const token = tokenOf(world, id);
      const asked = await get(world, token, '?cancel');
      const posted = await post(world, token, change(fieldsOf(asked.text)));
      expect(posted.status).toBe(409);
      expect(shown(posted.text)).toContain('Nothing was cancelled: this question was asked too long ago.');
      expect((await world.call('GET', `/purchases/${id}`)).body.activation.cancelRequestedAt).toBeNull();
    })(),
  );

  it(
    'changes nothing by the form of another purchase, by an old form, and by opening the page',
    inWorld(async (world) => {
      const one = await buy(world);
      const two = await buy(world, { serviceId: 'ambient-light' });
      const asked = await get(world, tokenOf(world, one.id), '?cancel');
      const foreign = await post(world, tokenOf(world, two.id), fieldsOf(asked.text));
      await world.clock.advance(3_600_001);
      const old = await post(world, tokenOf(world, one.id), fieldsOf(asked.text));
      expect([foreign.status, old.status]).toEqual([409, 409]);
      for (const { id } of [one, two])
        expect((await world.call('GET', `/purchases/${id}`)).body.activation.cancelRequestedAt).toBeNull();
    }),
  );

  it('is not offered where the policy refuses it, and the page says why', () =>
    withPlatform(
      async (world) => {
        await register(world);
        const { id, activation } = await buy(world);
        await world.engine.deliver(activation.id);
        const { text } = await get(world, tokenOf(world, id), '?cancel');
        expect(shown(text)).toContain('It cannot be cancelled once it is active.');
        expect(text).not.toContain('<form');
        const named = await get(world, tokenOf(world, id), '?requested');
        expect(shown(named.text)).not.toContain('We have received your cancellation.');
      },
      { cancellation: 'refused' },
    ));
});

describe('a link that shows nothing', () => {
  it(
    'is answered the same whether it is forged, unknown or of another secret, in the language of the browser',
    inWorld(async (world) => {
      const { id } = await buy(world);
      const foreign = purchaseLinks(systemSecrets, ['another secret of 32 characters!']);
      const expiresAt = world.clock.now() + purchaseLinkMs;
      const tokens = [
        'x',
        `${tokenOf(world, id)}0`,
        foreign.tokenFor({ purchaseId: id, customerId: 'ana', expiresAt }),
        tokenOf(world, 'pur_99999999999999999999999999'),
        tokenOf(world, id, 'bo'),
      ];
      const answers = await Promise.all(tokens.map((token) => get(world, token)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(shown(answers[0]?.text ?? '')).toBe(
        'This link is not valid It may be incomplete. Open the link in the e-mail again, or copy all of it. Otherwise contact support. Questions? Contact support: support@example.com',
      );
      const spanish = await get(world, 'x', '', { 'accept-language': 'es-ES,es;q=0.9' });
      expect(shown(spanish.text)).toContain('Este enlace no es válido');
      expect(spanish.headers.get('cache-control')).toBe('no-store');
    }),
  );

  it.each([
    ['es-MX', 'es'],
    ['es-419,en;q=0.5', 'es'],
    ['en-GB,es;q=0.9', 'en'],
    ['en;q=0.1,ES-mx;q=0.2', 'es'],
    ['es;q=0,en;q=0.1', 'en'],
    ['de-DE', 'en'],
  ])('is in the language that the browser asks for: %s', (accepted, language) =>
    inWorld(async (world) => {
      const { text } = await get(world, 'x', '', { 'accept-language': accepted });
      expect(text).toContain(`<html lang="${language}">`);
    })(),
  );

  it.each([
    ['a slash after it', 'GET', '/'],
    ['a path after it', 'GET', '/a/b'],
    ['another method', 'PUT', ''],
  ])('is a page without the token when the link is opened with %s', (_, method, after) =>
    inWorld(async (world) => {
      const token = tokenOf(world, (await buy(world)).id);
      const answer = await world.fetch(`/my-purchase/${token}${after}`, { method });
      expect([answer.status, answer.headers.get('referrer-policy')]).toEqual([404, 'no-referrer']);
      const text = await answer.text();
      expect(shown(text)).toContain('This link is not valid');
      expect(text).not.toContain(token);
    })(),
  );

  it(
    'says that it has expired, and changes nothing any more',
    inWorld(async (world) => {
      const { id } = await buy(world);
      const token = tokenOf(world, id);
      const asked = await get(world, token, '?cancel');
      await world.clock.advance(purchaseLinkMs);
      const { status, text } = await get(world, token);
      expect(status).toBe(410);
      expect(shown(text)).toContain('This link has expired');
      expect(text).not.toContain('Heated');
      expect((await post(world, token, fieldsOf(asked.text))).status).toBe(410);
    }),
  );

  describe('that has expired offers a new one', () => {
    const newLinks = async ({ database }: World) => {
      const rows = await database.reader
        .selectFrom('notices')
        .select(['channel', 'address', 'data', 'created_at'])
        .where('kind', '=', 'page_link')
        .execute();
      return rows.map(({ channel, address, created_at }) => ({ channel, address, createdAt: created_at }));
    };

    it(
      'which goes to the address of the purchase once a day, and says nothing about it',
      inWorld(async (world) => {
        const { id } = await buy(world);
        const token = tokenOf(world, id);
        await world.clock.advance(purchaseLinkMs);
        expect((await get(world, token)).text).toContain(
          '<button type="submit" name="new-link" value="yes">',
        );
        const answers = [];
        for (let request = 0; request < 3; request += 1)
          answers.push(await post(world, token, { 'new-link': 'yes' }));
        expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
        expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
        expect(shown(answers[0]?.text ?? '')).toContain(
          'We send you a new link If the purchase is still yours',
        );
        for (const kept of ['ana@example.com', 'Ana', id, 'Heated'])
          expect(answers[0]?.text).not.toContain(kept);
        const sent = { channel: 'email', address: 'ana@example.com', createdAt: world.clock.now() };
        expect(await newLinks(world)).toEqual([sent]);
        await world.clock.advance(86_400_000);
        await post(world, token, { 'new-link': 'yes' });
        expect(await newLinks(world)).toEqual([sent, { ...sent, createdAt: world.clock.now() }]);
      }),
    );

    it(
      'in Spanish to a browser that asks for it',
      inWorld(async (world) => {
        const { id } = await buy(world);
        const token = tokenOf(world, id);
        await world.clock.advance(purchaseLinkMs);
        const { text } = await get(world, token, '', { 'accept-language': 'es' });
        expect(shown(text)).toContain('Este enlace ha caducado');
        expect(shown(text)).toContain('Enviarme un enlace nuevo');
      }),
    );

    it(
      'and answers the same, without a notification, for a purchase that is unknown, of another owner or erased',
      inWorld(async (world) => {
        const { id } = await buy(world);
        const tokens = [
          tokenOf(world, id),
          tokenOf(world, id, 'bo'),
          tokenOf(world, 'pur_99999999999999999999999999'),
        ];
        await world.clock.advance(purchaseLinkMs);
        await world.database.write((transaction) =>
          transaction.updateTable('customers').set({ erased_at: world.clock.now() }).execute(),
        );
        const answers = [];
        for (const token of tokens) answers.push(await post(world, token, { 'new-link': 'yes' }));
        expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
        expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
        expect(await newLinks(world)).toEqual([]);
      }),
    );

    it(
      'and not where the link is forged or still works',
      inWorld(async (world) => {
        const { id } = await buy(world);
        const token = tokenOf(world, id);
        expect((await post(world, `${token}0`, { 'new-link': 'yes' })).status).toBe(404);
        expect((await post(world, token, { 'new-link': 'yes' })).status).toBe(409);
        expect(await newLinks(world)).toEqual([]);
      }),
    );
  });

  it(
    'answers a body that cannot be read with a page in the language of the browser',
    inWorld(async (world) => {
      const { id } = await buy(world);
      const token = tokenOf(world, id);
      const send = async (body: string | Uint8Array<ArrayBuffer>, language: string) => {
        const answer = await world.fetch(`/my-purchase/${token}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'accept-language': language,
          },
          body,
        });
        const { status, headers } = answer;
        const policy = headers.get('content-security-policy') ?? '';
        return [
          ...[status, headers.get('content-type'), policy.startsWith("default-src 'none'")],
          shown(await answer.text()).split('.')[0],
        ];
      };
      const html = 'text/html; charset=UTF-8';
      expect(await send(new Uint8Array([0x61, 0x3d, 0xff, 0xfe]), 'en')).toEqual([
        ...[400, html, true],
        'This request could not be read Open the link in the e-mail again, and use the buttons of the page',
      ]);
      expect(await send('a'.repeat(64 * 1_024 + 1), 'es-ES')).toEqual([
        ...[413, html, true],
        'Esta solicitud no se ha podido leer Abra de nuevo el enlace del correo y use los botones de la página',
      ]);
      // Every other path answers programs.
      const other = await world.fetch('/purchases', { method: 'POST', body: new Uint8Array([0xff]) });
      expect([other.status, other.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    }),
  );

  it(
    'says of an erased customer only that their data was erased',
    inWorld(async (world) => {
      const { id, activation } = await buy(world);
      await world.engine.deliver(activation.id);
      const token = tokenOf(world, id);
      await world.database.write((transaction) =>
        transaction.updateTable('notices').set({ status: 'sent' }).execute(),
      );
      expect((await world.call('DELETE', '/customers/ana/personal-data')).status).toBe(200);
      const { status, text } = await get(world, token);
      expect(status).toBe(410);
      expect(shown(text)).toContain('Your personal data was erased Nothing is shown here any more.');
      expect(text).not.toMatch(/Heated|EUR|Aurora|pur_/);
    }),
  );

  it('shows a new owner nothing of the purchase of the owner before', () =>
    withPeople(async (world) => {
      const { id, activation } = await buy(world);
      await world.engine.deliver(activation.id);
      await world.call('PUT', `/vehicles/${order.vin}`, {
        model: 'aurora-2026',
        modelName: 'Secret',
        customerId: 'bo',
      });
      const bo = await get(world, tokenOf(world, id, 'bo'));
      expect([bo.status, shown(bo.text).slice(0, 21)]).toEqual([404, 'Nothing is shown here']);
      expect(bo.text).not.toContain('Heated');
      const ana = await get(world, tokenOf(world, id));
      expect(shown(ana.text)).toContain('Transferred The vehicle has another owner now.');
      expect(ana.text).not.toContain('Secret');
      expect(boVin).not.toBe(order.vin);
    }));

  it('shows status and cancellation again to a customer whose vehicle came back to them', () =>
    withPeople(async (world) => {
      const { id, activation } = await buy(world);
      await world.engine.deliver(activation.id);
      const give = (customerId: string) =>
        world.call('PUT', `/vehicles/${order.vin}`, {
          model: 'aurora-2026',
          modelName: 'Aurora',
          customerId,
        });
      expect((await give('bo')).status).toBe(200);
      expect(shown((await get(world, tokenOf(world, id))).text)).toContain(
        'Transferred The vehicle has another owner now.',
      );
      expect((await give('ana')).status).toBe(200);
      const page = shown((await get(world, tokenOf(world, id))).text);
      expect(page).toContain(
        'Your purchase Heated seats Active The service is ready to use in your vehicle.',
      );
      expect(page).toContain('Active until 15 February 2027, 08:00 (UTC)');
      expect(page).toContain('Cancel the purchase …');
      expect(page).not.toContain('has another owner now');
    }));

  it('shows a declined payment also after the vehicle was transferred: the purchase gave it nothing', () =>
    withPeople(async (world) => {
      const { id } = await buy(world);
      await world.database.write((transaction) =>
        transaction.updateTable('purchases').set({ status: 'declined' }).where('id', '=', id).execute(),
      );
      const bo = { model: 'aurora-2026', modelName: 'Aurora', customerId: 'bo' };
      expect((await world.call('PUT', `/vehicles/${order.vin}`, bo)).status).toBe(200);
      const page = shown((await get(world, tokenOf(world, id))).text);
      expect(page).toContain('Not bought The payment was declined, and nothing was bought.');
      expect(page).not.toContain('has another owner now');
    }));

  it(
    'waits after 60 requests in a minute, each link for itself',
    inWorld(async (world) => {
      const one = tokenOf(world, (await buy(world)).id);
      const { id } = await buy(world, { serviceId: 'ambient-light' });
      const two = tokenOf(world, id);
      for (let count = 0; count < 60; count += 1) expect((await get(world, one)).status).toBe(200);
      const refused = await get(world, one);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
      expect(shown(refused.text)).toContain('Too many requests');
      // A link of another customer to the same purchase shows nothing, and takes nothing from its own customer.
      for (let count = 0; count < 60; count += 1) await get(world, tokenOf(world, id, 'bo'));
      expect((await get(world, two)).status).toBe(200);
      await world.clock.advance(60_000);
      expect((await get(world, one)).status).toBe(200);
    }),
  );

  it(
    'is in no log: neither where it is refused nor where the page fails',
    inWorld(async (world) => {
      const { id } = await buy(world);
      const token = tokenOf(world, id);
      await get(world, `${token}0`);
      await world.database.close();
      const { status, text } = await get(world, token);
      expect([status, shown(text).slice(0, 30)]).toEqual([500, 'This page cannot be shown now ']);
      const written = JSON.stringify(world.log);
      expect(written).toContain('purchase_page.link_refused');
      expect(written).toContain('purchase_page.failed');
      expect(written).not.toContain(token.slice(-32));
    }),
  );
});

it(
  'keeps the token of a form that breaks off out of the log',
  inWorld(async (world) => {
    const token = tokenOf(world, (await buy(world)).id);
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect((await world.fetch(`/my-purchase/${token}`, init)).status).toBe(500);
    const failed = world.log.filter(({ event }) => event === 'http.request_failed');
    expect(failed).toMatchObject([{ fields: { path: '/my-purchase/…', message: 'cut' } }]);
    expect(JSON.stringify(failed)).not.toContain(token);
  }),
);

describe('the texts of the page', () => {
  it('have a Spanish line for each type of the history that a customer reads', () => {
    expect(customerTypes.filter((type) => spanishHistory[type] === undefined)).toEqual([]);
    expect(
      Object.keys(spanishHistory).filter((type) => !customerTypes.some((known) => known === type)),
    ).toEqual([]);
  });

  it('are other texts in each language', () => {
    const leaves = (value: unknown): string[] => {
      if (typeof value === 'function') return [String((value as (text: string) => string)('1'))];
      if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leaves);
      return typeof value === 'string' ? [value] : [];
    };
    const [english, spanish] = [leaves(pageTexts.en), leaves(pageTexts.es)];
    expect(spanish).toHaveLength(english.length);
    expect(english.filter((text, index) => text === spanish[index])).toEqual([]);
  });
});
