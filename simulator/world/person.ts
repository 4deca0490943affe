import type { Clock } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { type ApiClient, apiClient } from '../live/api-client.ts';
import { origins, testSecrets } from './figures.ts';

const clientOf = { customer: 'shop', support: 'support' } as const;

/** Somebody in the world with a process of their own, and their client of the platform. */
export function person(
  world: { readonly loop: VirtualLoop; readonly network: { client(process: VirtualProcess): Http } },
  name: 'customer' | 'support',
): { readonly clock: Clock; readonly client: ApiClient } {
  const process = world.loop.process(name);
  const client = apiClient({
    http: world.network.client(process),
    clock: process.clock,
    origin: origins.platform,
    clientId: clientOf[name],
    clientSecret: testSecrets.platform[clientOf[name]],
  });
  return { clock: process.clock, client };
}
