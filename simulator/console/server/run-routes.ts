import type { Hono } from 'hono';
import { z } from 'zod';
import { problemError } from '../../../gateway/http/problem.ts';
import type { RunsView } from '../../moments/run-views.ts';
import { TravelPostponed, type TravelQuestion, TravelRefused } from '../../moments/travel.ts';
import { comparedFindings, findingsOf } from '../../reports/findings.ts';
import { diffReports } from '../../reports/report-diff.ts';
import { readSavedReport } from '../../reports/saved-report.ts';
import { shippedNames, shippedScenario } from '../../scenarios/library.ts';
import type { ConsoleDeps } from './console-deps.ts';
import type { ConsoleContext, ConsoleEnv } from './console-env.ts';
import { checkRunsMax, runsAtOnce, type VirtualRuns } from './virtual-runs.ts';

const seedSchema = z.int().min(0).max(0xffff_ffff);
const orderSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('run'),
    scenario: z.string().refine((name) => shippedNames().includes(name)),
    seed: seedSchema,
  }),
  z.strictObject({
    kind: z.literal('check'),
    seed: z.int().min(0).max(9_999_999),
    runs: z.int().min(1).max(checkRunsMax),
  }),
]);
const faultSchema = z.record(z.string(), z.unknown());
const numberSchema = z.int().min(0).max(999);
const branchSchema = z.strictObject({
  event: z.int().min(0),
  add: z.array(faultSchema).max(20).optional(),
  remove: z.array(numberSchema).max(100).optional(),
  replace: z
    .array(z.strictObject({ number: numberSchema, fault: faultSchema }))
    .max(100)
    .optional(),
});

/** `/api/runs`: scenarios, runs and checks with their reports, and moments of runs. Who may inject faults may start runs. */
export function mountRuns(app: Hono<ConsoleEnv>, { virtualRuns }: ConsoleDeps): void {
  const runs = async (context: ConsoleContext, scope: 'operations:read' | 'operations:write') => {
    if (!(await context.var.session.access.scopes()).has(scope))
      throw problemError('missing-scope', `This needs the scope ${scope}.`, { scope });
    if (virtualRuns === null) throw problemError('unavailable', 'This console makes no runs.');
    return virtualRuns;
  };
  app.get('/api/runs', async (context) => context.json(await viewOf(await runs(context, 'operations:read'))));
  app.post('/api/runs', async (context) => {
    const started = await runs(context, 'operations:write');
    const running = started.start(await bodyOf(context, orderSchema));
    if (running !== null) return context.json(running, 202);
    throw problemError(
      'unavailable',
      `${runsAtOnce} runs are under way: cancel one, or wait.`,
      {},
      {
        'retry-after': '5',
      },
    );
  });
  app.delete('/api/runs/:id', async (context) => {
    const started = await runs(context, 'operations:write');
    if (started.cancel(context.req.param('id'))) return context.body(null, 204);
    throw problemError('not-found', 'No run of this id is under way.');
  });
  app.get('/api/runs/compared', async (context) => {
    const known = await runs(context, 'operations:read');
    const texts = await Promise.all(
      (['before', 'after'] as const).map((name) => fileText(known, context.req.query(name) ?? '')),
    );
    return context.json(compared(texts[0] ?? '', texts[1] ?? ''));
  });
  app.get('/api/runs/:file/report', async (context) => {
    const text = await fileText(await runs(context, 'operations:read'), context.req.param('file'));
    return context.body(text, 200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  });
  mountTravel(app, runs);
}

type RunsOf = (
  context: ConsoleContext,
  scope: 'operations:read' | 'operations:write',
) => Promise<VirtualRuns>;

function mountTravel(app: Hono<ConsoleEnv>, runs: RunsOf): void {
  app.get('/api/runs/:file/course', async (context) =>
    context.json(
      await answered(await runs(context, 'operations:read'), context.req.param('file'), { type: 'course' }),
    ),
  );
  app.get('/api/runs/:file/moments/:event{[0-9]{1,9}}', async (context) => {
    const event = Number(context.req.param('event'));
    const known = await runs(context, 'operations:read');
    return context.json(await answered(known, context.req.param('file'), { type: 'moment', event }));
  });
  app.post('/api/runs/:file/branches', async (context) => {
    const known = await runs(context, 'operations:write');
    const { event, ...change } = await bodyOf(context, branchSchema);
    // An absent list is not a list of nothing for the compiler.
    const { add = [], remove = [], replace = [] } = change;
    const question = { type: 'branch', event, change: { add, remove, replace } } as const;
    return context.json(await answered(known, context.req.param('file'), question));
  });
}

async function answered(runs: VirtualRuns, file: string, question: TravelQuestion): Promise<object> {
  try {
    return (await runs.travel(file, question)) as object;
  } catch (error) {
    if (error instanceof TravelRefused) throw problemError('invalid-request', error.message);
    if (error instanceof TravelPostponed)
      throw problemError('unavailable', error.message, {}, { 'retry-after': '5' });
    throw error;
  }
}

async function bodyOf<Schema extends z.ZodType>(
  context: ConsoleContext,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const parsed = schema.safeParse(await context.req.json().catch(() => null));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw problemError('invalid-request', `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? ''}.`);
}

async function fileText(runs: VirtualRuns, file: string): Promise<string> {
  const text = await runs.read(file);
  if (text === null) throw problemError('not-found', 'The folder of reports has no such file.');
  return text;
}

async function viewOf(runs: VirtualRuns): Promise<RunsView> {
  return {
    folder: runs.folder,
    scenarios: scenarios(),
    running: runs.running(),
    finished: await runs.finished(),
    limits: { atOnce: runsAtOnce, checkRuns: checkRunsMax },
  };
}

let library: RunsView['scenarios'] | null = null;

/** The shipped scenarios do not change while the console runs. */
function scenarios(): RunsView['scenarios'] {
  library ??= shippedNames().map((name) => ({ name, description: shippedScenario(name).description }));
  return library;
}

/** What two reports differ by. Two runs have figures to compare as well. */
function compared(before: string, after: string) {
  const [first, second] = [readSavedReport(before), readSavedReport(after)];
  const findings = comparedFindings(findingsOf(before), findingsOf(after));
  const diff = first.ok && second.ok ? diffReports(first.report, second.report) : null;
  return { findings, diff };
}
