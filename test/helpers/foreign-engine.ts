import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Activation } from '../../gateway/activation/activation.ts';
import { readAdapter } from '../../gateway/adapter/adapter-file.ts';
import { shippedAdaptersFolder } from '../../gateway/adapter/shipped-adapters.ts';
import { vehicleApi } from '../../gateway/engine/vehicle-api.ts';
import { loadActivation } from '../../gateway/store/activations.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import { bootEngine, type Outside, placeOrder, withOutside } from './engine-under-test.ts';

/** The text of a shipped adapter. */
export function shippedAdapter(name: string): string {
  return readFileSync(join(shippedAdaptersFolder(), `${name}.yaml`), 'utf8');
}

/** The real engine against an API IoT of another style, by the text of its adapter. A request that throws gets no answer. */
export async function withForeignApi<Api extends { readonly fetch: Http }>(
  text: string,
  create: (now: () => number) => Api,
  run: (outside: Outside, api: Api) => Promise<void>,
): Promise<void> {
  const reading = readAdapter(text, 'adapter.yaml');
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  await withOutside(async (outside) => {
    const api = create(() => outside.clock.now());
    const vehicles = vehicleApi({
      ...{ clock: outside.clock, origin: 'https://iot.example', clientId: 'engine', clientSecret: 'secret' },
      adapter: reading.adapter,
      http: (request) =>
        api.fetch(request).catch(() => {
          throw new TransportError('reset', 'the connection was cut', true);
        }),
    });
    await run({ ...outside, vehicle: { ...outside.vehicle, api: vehicles } }, api);
  });
}

/** Buys, lets `forMs` pass, and returns how the activation stands. */
export async function bought(outside: Outside, forMs: number): Promise<Activation> {
  const engine = await bootEngine(outside);
  const id = await placeOrder(outside);
  await engine.begin(id);
  await outside.clock.advance(forMs);
  await engine.stop();
  const stored = await loadActivation(outside.database.reader, id);
  if (!stored) throw new Error(`there is no activation ${id}`);
  return stored.activation;
}
