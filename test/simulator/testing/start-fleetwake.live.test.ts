import { expect, test } from 'vitest';
import { startFleetwake } from '../../../simulator/testing/main.ts';
import { isListening } from '../../helpers/running-platform.ts';

const form = (fields: Record<string, string>) => new URLSearchParams(fields);

test('a test starts what an engine needs on free ports, adds a fault, reads the evidence, and stops it all', async () => {
  const fleetwake = await startFleetwake({ ports: 0, without: ['platform', 'engine'], vehicles: 2 });
  const { settings, urls, vehicles } = fleetwake;
  try {
    expect([urls.platform, vehicles.length]).toEqual([null, 2]);
    const vin = vehicles[0]?.vin ?? '';
    const token = await fetch(`${settings.API_IOT_URL}/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${settings.API_IOT_CLIENT_ID}:${settings.API_IOT_CLIENT_SECRET}`)}`,
      },
      body: form({ grant_type: 'client_credentials' }),
    });
    const { access_token } = (await token.json()) as { access_token: string };
    const configured = await fetch(`${settings.API_IOT_URL}/vehicle/${vin}/configure`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${access_token}`,
        'content-type': 'application/json',
        'idempotency-key': 'order-1:1',
        prefer: 'wait=20',
      },
      body: JSON.stringify({
        reference: 'order-1',
        features: [{ feature: 'heated_seats', target: 'active' }],
      }),
    });
    expect(await configured.json()).toMatchObject({ state: 'applied' });

    const lost = fleetwake.fault({
      name: 'the answer is lost',
      layer: 'services',
      type: 'response_lost',
      target: { service: 'payments', method: 'POST' },
      schedule: { first: 1 },
    });
    const pay = () =>
      fetch(`${settings.PAYMENTS_URL}/v1/payment_intents`, {
        method: 'POST',
        headers: { authorization: `Bearer ${settings.PAYMENTS_KEY}`, 'idempotency-key': 'order-1-pay' },
        body: form({
          amount: '1490',
          currency: 'eur',
          payment_method: 'pm_card_visa',
          confirm: 'true',
          'metadata[order]': 'order-1',
        }),
      });
    await expect(pay()).rejects.toThrow('fetch failed');
    expect((await pay()).status).toBe(200);
    expect(lost.struck()).toBe(1);
    expect(() => fleetwake.fault({ name: 'x', layer: 'services', type: 'slow' })).toThrow(
      'attributes is missing; write fields with their values',
    );

    const { ledger, payments, commands, messages, vehicles: seen } = await fleetwake.evidence();
    expect(ledger.map(({ kind, key }) => [kind, key])).toEqual([['charged', 'order-1-pay']]);
    expect(payments.map(({ metadata }) => metadata)).toEqual([{ order: 'order-1' }]);
    expect(commands.map(({ reference, state }) => [reference, state])).toEqual([['order-1', 'applied']]);
    expect(messages.map(({ topic }) => topic)).toContain(`vehicles/${vin}/evt/result`);
    const state = seen.find((vehicle) => vehicle.vin === vin);
    expect(state?.features.find(({ feature }) => feature === 'heated_seats')?.state).toBe('active');
  } finally {
    await fleetwake.stop();
  }
  for (const url of [urls.apiIot, urls.mqtt, urls.payments, urls.mail, urls.push, urls.control]) {
    expect([url, await isListening(Number(new URL(url).port))]).toEqual([url, false]);
  }
});

test('a list of parts that leaves an engine without its platform is refused', async () => {
  await expect(startFleetwake({ without: ['engine'] })).rejects.toThrow(
    "without must be ['platform', 'engine'] or [], not [engine]",
  );
});
