import type { Clock } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { type ApiClient, apiClient } from '../live/api-client.ts';
import { origins, secretsOfTheWorld } from './figures.ts';

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
    clientId: 'buyer',
    clientSecret: secretsOfTheWorld.buyer,
  });
  return { clock: process.clock, client };
}
