import { expect, it } from 'vitest';
import type { Http } from '../../shared/ports/http.ts';
import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import { buy, customerOf, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { operationOf } from './disturb.ts';

it('sends the configuration of the new model after PUT /vehicles/{vin}, without a restart', async () => {
  const sent: unknown[] = [];
  const disturb =
    (http: Http): Http =>
    async (request) => {
      if (operationOf(request) === 'configure') {
        const { features } = (await request.clone().json()) as ConfigureRequest;
        sent.push(features.map(({ feature, parameters }) => [feature, parameters]));
      }
      return http(request);
    };
  await withPlatform({ disturb }, async (platform) => {
    const { clients, vin } = platform;
    const phaseOf = async (id: string) =>
      ((await clients.platform.get(`/activations/${id}`)).body as { phase: string }).phase;
    const first = await buy(platform, { serviceId: 'ambient-light' });
    await until(async () => (await phaseOf(first.activation.id)) === 'active', 'the first service is active');
    const body = { model: 'borealis-2026', modelName: 'Borealis', customerId: customerOf(0).id };
    expect((await clients.platform.send('PUT', `/vehicles/${vin}`, body)).status).toBe(200);
    const second = await buy(platform, { serviceId: 'heated-seats' });
    await until(
      async () => (await phaseOf(second.activation.id)) === 'active',
      'the second service is active',
    );
    expect(sent).toEqual([
      [['ambient_light', { colours: 16, zones: 'doors,dashboard' }]],
      // aurora-2026 would be sent the zones front and rear.
      [['heated_seats', { levels: 3, zones: 'front', maxTemperatureCelsius: 42 }]],
    ]);
  });
});
