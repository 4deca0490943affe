import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { phases } from '../activation/phase.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { limitSchema, nextSchema, timeCursorSchema } from '../http/paging.ts';
import { problemDoc } from '../http/problem.ts';
import {
  activationDetailSchema,
  activationSchema,
  listActivations,
  readActivation,
} from './activation-view.ts';
import type { PlatformDeps } from './deps.ts';
import { ownerOf } from './ownership.ts';
import { idParameters, jsonAnswer, notFound, readProblems, scoped } from './route.ts';

const listQuery = z.object({
  phase: z.enum(phases).optional(),
  limit: limitSchema,
  cursor: timeCursorSchema,
});

export function mountActivations(
  app: App,
  { database, secrets }: Pick<PlatformDeps, 'database' | 'secrets'>,
  { requireScope }: Authenticator,
): void {
  const common = {
    method: 'get' as const,
    tags: ['Activations'],
    ...scoped(requireScope, 'activations:read'),
  };
  const one = createRoute({
    ...common,
    path: '/activations/{id}',
    summary: 'An activation: attempts, payment, notifications',
    request: { params: idParameters },
    responses: {
      200: jsonAnswer('The activation', activationDetailSchema),
      404: problemDoc('not-found'),
      ...readProblems,
    },
  });
  const list = createRoute({
    ...common,
    path: '/activations',
    summary: 'Activations, deactivations and revocations, newest first; those in a phase with phase',
    request: { query: listQuery },
    responses: {
      200: jsonAnswer('A page', z.object({ activations: z.array(activationSchema), next: nextSchema })),
      ...readProblems,
    },
  });
  app.openapi(one, async (context) => {
    const { id } = context.req.valid('param');
    const activation = await readActivation(database.reader, id, secrets, ownerOf(context));
    if (activation === null) throw notFound('activation', id);
    return context.json(activation, 200);
  });
  app.openapi(list, async (context) => {
    const { phase, limit, cursor } = context.req.valid('query');
    const query = { owner: ownerOf(context), phase, limit, cursor };
    return context.json(await listActivations(database.reader, query), 200);
  });
}
