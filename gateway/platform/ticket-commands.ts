import { createRoute, type z as Zod } from '@hono/zod-openapi';
import { z } from 'zod';
import { instantSchema } from '../../shared/protocol/instant.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { answerOf, keyHeaders, keyUseOf, replayedHeader } from '../http/idempotency.ts';
import { type IdempotencyStore, type KeyUse, newIdempotencyStore } from '../http/idempotency-store.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { StaleRow } from '../store/stale-row.ts';
import { type DeskAnswer, type DeskCommand, runDeskCommand } from '../support/desk-command.ts';
import { ticketById } from '../support/ticket-look-ups.ts';
import type { TechnicianAction } from '../support/ticket-machine.ts';
import type { PlatformDeps } from './deps.ts';
import { shownTextSchema } from './name.ts';
import { idParameters, jsonAnswer, jsonBody, notFound, scoped, writeProblems } from './route.ts';
import { nameSchema, type TicketDetail, ticketDetail, ticketDetailSchema } from './ticket-view.ts';

const by = { by: nameSchema.meta({ description: 'The technician who does it', example: 'technician-1' }) };
const textSchema = shownTextSchema(2_000);
const appointment = {
  workshop: shownTextSchema(200),
  appointmentAt: instantSchema.meta({ description: 'Epoch milliseconds, not in the past' }),
};
const parametersSchema = z
  .record(z.string().min(1).max(64), z.union([z.string().max(256), z.number(), z.boolean()]))
  .refine((parameters) => Object.keys(parameters).length <= 64, 'at most 64 parameters');
const resolutionSchema = z.discriminatedUnion('resolution', [
  z.strictObject({ ...by, resolution: z.literal('manual_activation') }),
  z.strictObject({ ...by, resolution: z.literal('service_appointment'), ...appointment }),
  z.strictObject({
    ...by,
    resolution: z.literal('bug_report'),
    reference: shownTextSchema(200).meta({ description: "The bug's number at development" }),
    workaround: textSchema.meta({ description: 'Workaround for the customer in the meantime' }),
  }),
]);

interface Move {
  readonly move: TechnicianAction;
  readonly summary: string;
  readonly body: Zod.ZodType;
  readonly commandOf: (body: never) => DeskCommand;
}

function move<Body extends Zod.ZodType>(
  name: TechnicianAction,
  summary: string,
  body: Body,
  commandOf: (body: z.infer<Body>) => DeskCommand,
): Move {
  return { move: name, summary, body: body.meta({ id: `Ticket_${name}` }), commandOf };
}

const plain = z.strictObject(by);

function visit({ workshop, appointmentAt }: { workshop: string; appointmentAt: number }) {
  return { workshop, at: appointmentAt };
}

const ticketMoves: readonly Move[] = [
  move(
    'assign',
    'Give the ticket to a technician of the roster',
    z.strictObject({ ...by, technician: nameSchema }),
    ({ technician }) => ({ move: 'assign', technician }),
  ),
  move('start', 'Take the work up, or on again after a wait', plain, () => ({ move: 'start' })),
  move('comment', 'Write down what was found', z.strictObject({ ...by, text: textSchema }), ({ text }) => ({
    move: 'comment',
    text,
  })),
  move('retry', 'Activate once more, free of charge', plain, () => ({ move: 'retry' })),
  move(
    'payload',
    "Change the parameters of the next retry, within what the model's template allows",
    z.strictObject({ ...by, parameters: parametersSchema }),
    ({ parameters }) => ({ move: 'payload', parameters }),
  ),
  move(
    'inspection',
    'Schedule an inspection of the vehicle; the customer is notified',
    z.strictObject({ ...by, ...appointment, reason: textSchema }),
    (body) => ({ move: 'inspection', appointment: visit(body), reason: body.reason }),
  ),
  move(
    'escalate',
    'Hand on to the API IoT team or to development',
    z.strictObject({ ...by, team: z.enum(['api_iot', 'development']), reason: textSchema }),
    ({ team, reason }) => ({ move: 'escalate', team, reason }),
  ),
  move(
    'contact',
    'Ask the customer; the clock of the resolution is held meanwhile',
    z.strictObject({ ...by, message: textSchema }),
    ({ message }) => ({ move: 'contact', message }),
  ),
  move(
    'resolve',
    'Resolve the ticket in one of three ways; the customer is notified',
    resolutionSchema,
    (body) => {
      switch (body.resolution) {
        case 'manual_activation':
          return { move: 'resolve', resolution: { kind: body.resolution, activationId: null } };
        case 'service_appointment':
          return { move: 'resolve', resolution: { kind: body.resolution, appointment: visit(body) } };
        case 'bug_report': {
          const { reference, workaround } = body;
          return { move: 'resolve', resolution: { kind: body.resolution, reference, workaround } };
        }
      }
    },
  ),
  move('keep', 'Let the customer keep what the vehicle applied too late', plain, () => ({ move: 'keep' })),
  move('close', 'Close a resolved ticket', plain, () => ({ move: 'close' })),
  move('reopen', 'Work on it again', z.strictObject({ ...by, reason: textSchema }), ({ reason }) => ({
    move: 'reopen',
    reason,
  })),
];

type CommandDeps = Pick<
  PlatformDeps,
  'database' | 'catalogue' | 'clock' | 'ids' | 'secrets' | 'log' | 'engine' | 'desk'
>;
/** One store for all requests: it paces the removal of outdated keys. */
type WithKeys = CommandDeps & { readonly keys: IdempotencyStore };

/** Another process was faster; then it is decided again. */
const triesMax = 5;

function isRace(error: unknown): boolean {
  if (error instanceof StaleRow) return true;
  const code = (error as { code?: unknown } | null)?.code;
  // Two retries at once: the index over open activations lets one in, and the other then sees it.
  return code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE';
}

function refused(id: string, name: TechnicianAction, answer: Extract<DeskAnswer, { kind: 'refused' }>) {
  const { reason, legal } = answer;
  const detail = `The ticket ${id} takes no ${name} now: ${reason}. It takes: ${legal.join(', ')}.`;
  return problemError('illegal-move', detail, { ticketId: id, legal });
}

interface Given {
  readonly by: string;
  readonly appointmentAt?: number;
}

/** An appointment in the past is refused, because the customer would be notified of it. */
function refusePast({ appointmentAt }: Given, now: number): void {
  if (appointmentAt === undefined || appointmentAt >= now) return;
  const message = `write an instant that is not in the past; now is ${now}`;
  const errors = [{ in: 'body', pointer: '/appointmentAt', message }];
  throw problemError(
    'invalid-request',
    `The request does not follow the schema. body/appointmentAt: ${message}.`,
    {
      errors,
    },
  );
}

interface Order {
  readonly id: string;
  readonly command: DeskCommand;
  readonly by: string;
  readonly use: KeyUse | null;
}

type Ran = { readonly begun: string | null } | 'replayed';

async function runOnce(deps: WithKeys, order: Order): Promise<Ran> {
  const { clock, ids, catalogue, desk, keys } = deps;
  const { id, command, use } = order;
  // What is thrown in here rolls everything back, the key included.
  return deps.database.write(async (transaction) => {
    const at = clock.now();
    if (use !== null && answerOf(await keys.claimKey(transaction, use, at)) !== null) return 'replayed';
    const { settings, notices } = desk;
    const answer = await runDeskCommand(transaction, { ids, settings, notices, catalogue }, id, command, {
      at,
      by: order.by,
    });
    if (answer.kind === 'not_found') throw notFound('ticket', id);
    if (answer.kind === 'refused') throw refused(id, command.move, answer);
    if (use !== null) await keys.storeAnswer(transaction, use, { status: 200, headers: {}, body: id });
    return { begun: answer.begun };
  });
}

async function run(deps: WithKeys, order: Order): Promise<Ran> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await runOnce(deps, order);
    } catch (error) {
      if (!isRace(error) || tries >= triesMax) throw error;
    }
  }
}

/** The retry is saved and due: a wake-up that is lost here is found by the engine's sweep. */
async function wake({ engine, log }: CommandDeps, activationId: string): Promise<void> {
  try {
    await engine.begin(activationId);
  } catch (error) {
    log.error('platform.begin_failed', { activationId, message: String(error) });
  }
}

/** `POST /tickets/{id}/{move}`: what a technician does. A move that is not possible is 409 `illegal-move`, with those that are. */
export function mountTicketCommands(app: App, parts: CommandDeps, { requireScope }: Authenticator): void {
  const deps: WithKeys = { ...parts, keys: newIdempotencyStore() };
  for (const { move: name, summary, body, commandOf } of ticketMoves) {
    const route = createRoute({
      method: 'post',
      path: `/tickets/{id}/${name}`,
      tags: ['Tickets'],
      summary,
      ...scoped(requireScope, 'tickets:write'),
      request: { params: idParameters, headers: keyHeaders, body: jsonBody(body) },
      responses: {
        200: {
          ...jsonAnswer('Done; the ticket as it stands now', ticketDetailSchema),
          headers: replayedHeader,
        },
        404: problemDoc('not-found'),
        409: problemDoc('illegal-move: `legal` names what is possible; key-in-flight'),
        ...writeProblems,
        422: problemDoc('invalid-request, key-mismatch'),
      },
    });
    app.openapi(route, async (context) => {
      const { id } = context.req.valid('param');
      const given = context.req.valid('json') as Given;
      refusePast(given, deps.clock.now());
      const order: Order = {
        id,
        command: commandOf(given as never),
        by: given.by,
        use: await keyUseOf(context, deps.secrets),
      };
      const ran = await run(deps, order);
      if (ran !== 'replayed') deps.desk.onRecorded();
      if (ran !== 'replayed' && ran.begun !== null) await wake(deps, ran.begun);
      const ticket = await ticketById(deps.database.reader, id);
      if (ticket === null) throw notFound('ticket', id);
      const shown: TicketDetail = ticketDetail(ticket);
      return context.json(shown, 200, ran === 'replayed' ? { 'idempotency-replayed': 'true' } : {});
    });
  }
}
