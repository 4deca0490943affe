import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { type CheckReport, type CheckShard, probesWithoutRun, ratesOf } from './check-report.ts';

/** A shard's report, and the file that it was read from. */
export interface ShardReport {
  readonly file: string;
  readonly report: CheckReport & { readonly shard: CheckShard };
}

const count = z.int().nonnegative();
const brokenSchema = z.object({ rule: z.string(), sentence: z.string() });
const shardReportSchema = z.looseObject({
  ok: z.boolean(),
  seed: count,
  runs: count,
  startedAt: z.int(),
  seconds: z.number().nonnegative(),
  versions: z.record(z.string(), z.string()),
  corpus: z.array(z.object({ file: z.string(), broken: brokenSchema.nullable() })),
  failures: z.array(
    z.object({
      ...brokenSchema.shape,
      run: count,
      file: z.string(),
      replay: z.string(),
      schedule: z.unknown(),
    }),
  ),
  probes: z.record(z.string(), count),
  shard: z.object({
    index: z.int().positive(),
    of: z.int().positive(),
    requested: z.string(),
    planned: count.nullable(),
    inputs: z.string().regex(/^[0-9a-f]{64}$/),
    needsProbes: z.boolean(),
    events: count,
    activations: count,
    runHashes: z.array(z.string().regex(/^\d+ [0-9a-f]{64}$/)),
  }),
});

/** Returns whether a value is the report of a check, of a shard or of the whole. */
export function isCheckReport(value: unknown): boolean {
  return z.looseObject({ runs: z.number(), probes: z.looseObject({}) }).safeParse(value).success;
}

/** Reads a shard's report from JSON; returns what is wrong with it otherwise, to be read after the file's name. */
export function readShardReport(file: string, value: unknown): ShardReport | string {
  if (!z.looseObject({ shard: z.looseObject({}) }).safeParse(value).success)
    return 'is the report of a whole check: give reports of "fleetwake check --shard i/n --json FILE"';
  const parsed = shardReportSchema.safeParse(value);
  if (parsed.success) return { file, report: parsed.data as unknown as ShardReport['report'] };
  const [issue] = parsed.error.issues;
  return `is no report of a shard (${issue?.path.join('.') || 'the file'}: ${issue ? fixHint(issue) : ''})`;
}

/** Returns why these are not parts of one check, or null. */
export function shardConflict(shards: readonly ShardReport[]): string | null {
  const [first] = shards;
  const byIndex = new Map<number, string>();
  for (const { file, report } of shards) {
    const checkOf = ({ seed, shard, versions }: ShardReport['report']) =>
      `"check --seed ${seed} ${shard.requested}" in ${shard.of} shards by version ${versions.fleetwake ?? 'unknown'}`;
    const [mine, theirs] = [checkOf(report), first === undefined ? '' : checkOf(first.report)];
    if (mine !== theirs)
      return `${file} is a shard of ${mine}, ${first?.file} of ${theirs}: merge shards of one check`;
    if (report.shard.inputs !== first?.report.shard.inputs)
      return `${file} and ${first?.file} had other files in the corpus, the policy or the catalogue: run every shard with the same`;
    const { index, of } = report.shard;
    const same = byIndex.get(index);
    if (same !== undefined) return `${same} and ${file} are both shard ${index}/${of}: give each shard once`;
    byIndex.set(index, file);
  }
  return null;
}

/**
 * Joins the reports of the shards of one check, which `shardConflict` has found to fit: the verdict, probes and trace hash that the
 * whole check has. A shard without a report fails it. The shards ran side by side: it took as long as the slowest one.
 */
export function mergeShards(shards: readonly [ShardReport, ...ShardReport[]]): CheckReport {
  const reports = shards.map(({ report }) => report).toSorted((a, b) => a.shard.index - b.shard.index);
  const [{ report: first }] = shards;
  const { of, needsProbes } = first.shard;
  const indexes = new Set(reports.map(({ shard }) => shard.index));
  const missing = Array.from({ length: of }, (_, at) => at + 1).filter((index) => !indexes.has(index));
  const sum = (countOf: (report: (typeof reports)[number]) => number) =>
    reports.reduce((total, report) => total + countOf(report), 0);
  const probes = Object.fromEntries(
    Object.keys(first.probes).map((name) => [name, sum((report) => report.probes[name] ?? 0)]),
  );
  const runs = sum((report) => report.runs);
  const seconds = Math.max(...reports.map((report) => report.seconds));
  const failures = reports.flatMap((report) => report.failures).toSorted((a, b) => a.run - b.run);
  const corpus = reports
    .flatMap((report) => report.corpus)
    .toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  const probesMissed = needsProbes && missing.length === 0 ? probesWithoutRun({ runs, probes }) : [];
  const events = sum(({ shard }) => shard.events);
  const activations = sum(({ shard }) => shard.activations);
  const incomplete = missing.length > 0 ? [] : whyIncomplete(reports);
  const isOk =
    incomplete.length === 0 &&
    reports.every(({ ok }) => ok) &&
    failures.length === 0 &&
    probesMissed.length === 0 &&
    missing.length === 0 &&
    corpus.every(({ broken }) => broken === null);
  return {
    ok: isOk,
    seed: first.seed,
    runs,
    startedAt: Math.min(...reports.map(({ startedAt }) => startedAt)),
    seconds,
    versions: first.versions,
    corpus,
    failures,
    ...ratesOf({ runs, events, activations }, seconds),
    probes,
    probesMissed,
    traceHash: hashOfRuns(reports.flatMap(({ shard }) => shard.runHashes)),
    shards: { of, missing, incomplete },
  };
}

/** Returns what keeps the reports of all shards from being the whole check, although none is missing. */
function whyIncomplete(reports: readonly ShardReport['report'][]): string[] {
  const unnamed = reports
    .filter(
      ({ ok, failures, corpus }) =>
        !ok && failures.length === 0 && corpus.every((one) => one.broken === null),
    )
    .map(
      ({ shard: { index, of } }) =>
        `shard ${index}/${of} failed, and its report names no failure. Run it again.`,
    );
  const all = reports.flatMap(({ shard }) => shard.runHashes.map((one) => Number.parseInt(one, 10)));
  const { size } = new Set(all);
  const twice = all.length - size;
  const repeated = twice === 0 ? [] : [`${twice} runs are in these reports twice. Run every shard again.`];
  const planned = reports[0]?.shard.planned ?? null;
  // A shard with a failure ends before its last run.
  const isEnded = reports.every(({ failures }) => failures.length === 0);
  const absent =
    planned === null || !isEnded || size === planned
      ? []
      : [`${size} of ${planned} runs are in these reports. Run every shard again.`];
  return [...unnamed, ...repeated, ...absent];
}

/** As `hashOfAll` has it for the whole. */
function hashOfRuns(runHashes: readonly string[]): string {
  const inOrder = runHashes.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  const hash = createHash('sha256');
  for (const one of inOrder) hash.update(`${one}\n`);
  return hash.digest('hex');
}
