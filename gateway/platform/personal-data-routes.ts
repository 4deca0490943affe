import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { App, Caller } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import type { PlatformDeps } from './deps.ts';
import { eraseCustomer } from './erasure.ts';
import { isFor, ownerOf } from './ownership.ts';
import { personalDataOf, personalDataSchema } from './personal-data.ts';
import { customerParameters, jsonAnswer, readProblems, scoped, unknownCustomer } from './route.ts';

type Deps = Pick<PlatformDeps, 'database' | 'clock' | 'ids' | 'log' | 'desk'>;

const path = '/customers/{id}/personal-data';

const erasedSchema = z
  .object({
    customerId: z.string(),
    erasedAt: z.int(),
    filesCleaned: z.boolean().meta({
      description:
        'False where the database is too large to be rewritten while others wait: old copies may then be left in its files until it is',
    }),
  })
  .meta({ id: 'Erased' });

const routes = (requireScope: Authenticator['requireScope']) => ({
  read: createRoute({
    method: 'get',
    path,
    tags: ['Personal data'],
    summary: 'All saved data of a customer, in one document',
    ...scoped(requireScope, 'personal-data:read'),
    request: { params: customerParameters },
    responses: {
      200: jsonAnswer('The personal data', personalDataSchema),
      404: problemDoc('unknown-customer'),
      ...readProblems,
    },
  }),
  erase: createRoute({
    method: 'delete',
    path,
    tags: ['Personal data'],
    summary: 'Put a pseudonym in the place of what is held of a customer',
    description:
      'Amounts, instants and actors stay, without data of the customer. Cannot be undone. Refused while an activation, payment, ticket or notification of the customer is open. A repeat changes nothing.',
    ...scoped(requireScope, 'personal-data:erase'),
    request: { params: customerParameters },
    responses: {
      200: jsonAnswer('Erased', erasedSchema),
      404: problemDoc('unknown-customer'),
      409: problemDoc('not-erasable: names the obstacles and the fix'),
      ...readProblems,
    },
  }),
});

/** Content-Disposition with a file name of any characters (RFC 6266 with RFC 8187). */
function attachmentName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return plain === name
    ? `attachment; filename="${name}"`
    : `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** Who asked, in the record's words. */
const actorOf = ({ clientId, customerId }: Caller) =>
  customerId === null ? `client:${clientId}` : 'customer';

/** `/customers/{id}/personal-data`: what is held of a customer, and its erasure (docs/personal-data.md). */
export function mountPersonalData(app: App, deps: Deps, { requireScope }: Authenticator): void {
  const { read, erase } = routes(requireScope);
  app.openapi(read, async (context) => {
    const { id } = context.req.valid('param');
    const data = isFor(ownerOf(context), id) ? await personalDataOf(deps, id) : null;
    if (data === null) throw unknownCustomer(id);
    return context.json(data, 200, {
      'cache-control': 'no-store',
      'content-disposition': attachmentName(`personal-data-${id}.json`),
    });
  });
  app.openapi(erase, async (context) => {
    const { id } = context.req.valid('param');
    if (!isFor(ownerOf(context), id)) throw unknownCustomer(id);
    const answer = await eraseCustomer(deps, id, actorOf(context.var.caller));
    if (answer.kind === 'not_found') throw unknownCustomer(id);
    if (answer.kind === 'refused') {
      const detail = `The personal data of ${id} cannot be erased now: ${answer.reason}.`;
      throw problemError('not-erasable', detail, { ...answer.obstacles });
    }
    const { erasedAt, filesCleaned } = answer;
    deps.log.info('platform.customer_erased', { customerId: id, filesCleaned });
    deps.desk.onRecorded();
    return context.json({ customerId: id, erasedAt, filesCleaned }, 200);
  });
}
