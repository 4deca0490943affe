import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { moneySchema } from '../../shared/protocol/money.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { jsonAnswer, readProblems, scoped } from './route.ts';

export const durationSchema = z
  .discriminatedUnion('unit', [
    z.strictObject({ unit: z.enum(['hours', 'days', 'months']), count: z.int().min(1).max(1_200) }),
    z.strictObject({ unit: z.literal('permanent') }),
  ])
  .meta({ id: 'Duration' });

const serviceSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    feature: z.string(),
    capture: z.enum(['on_delivery', 'immediately']).meta({
      description:
        'on_delivery: reserved at purchase, taken once the feature is on; immediately: taken at purchase',
    }),
    offers: z.array(z.object({ duration: durationSchema, price: moneySchema })),
  })
  .meta({ id: 'Service' });

const catalogueSchema = z.object({ services: z.array(serviceSchema) }).meta({ id: 'Catalogue' });

/** `GET /catalogue`: unchanged until the process stops. */
export function mountCatalogue(app: App, catalogue: Catalogue, { requireScope }: Authenticator): void {
  const body = {
    services: catalogue.services().map(({ id, name, feature, capture, offers }) => ({
      id,
      name,
      feature,
      capture,
      offers: offers.map(({ duration, price }) => ({ duration: { ...duration }, price: { ...price } })),
    })),
  };
  const { 422: _, ...problems } = readProblems;
  const route = createRoute({
    method: 'get',
    path: '/catalogue',
    tags: ['Catalogue'],
    summary: 'The services on sale, with a price a duration',
    ...scoped(requireScope, 'catalogue:read'),
    responses: { 200: jsonAnswer('The catalogue', catalogueSchema), ...problems },
  });
  app.openapi(route, (context) => context.json(body, 200));
}
