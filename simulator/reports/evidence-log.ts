import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DatabaseEvidence, Evidence } from './evidence.ts';
import { type Surroundings, surroundingsSchema } from './surroundings.ts';

/**
 * The evidence of a run as a file: JSON lines, one piece of evidence each, so that newer checks can judge the run again
 * later. The last line has the number of lines and a checksum, so that a cut or changed log is recognised.
 */
const logVersion = 1;

const tables = [
  'customers',
  'purchases',
  'activations',
  'entitlements',
  'record',
  'notices',
  'tickets',
] as const satisfies readonly (keyof DatabaseEvidence)[];

/** What there are many of: a line each. Everything else stands in the first line. */
const lists = ['answers', 'ledger', 'apiIot', 'broker', 'vehicles', 'mails', 'pushes', 'events'] as const;

type Kind = (typeof lists)[number] | `database.${(typeof tables)[number]}`;

/** The lines of a log, without line ends. */
export function* evidenceLines(evidence: Evidence, surroundings: Surroundings): Generator<string> {
  const hash = createHash('sha256');
  let count = 0;
  const sealed = (value: unknown) => {
    const line = JSON.stringify(value);
    hash.update(`${line}\n`);
    count += 1;
    return line;
  };
  const { database, answers, ledger, apiIot, broker, vehicles, mails, pushes, events, ...head } = evidence;
  const { world, ...rest } = surroundings;
  const hasEvents = events !== null;
  yield sealed({ log: 'fleetwake', version: logVersion, world, surroundings: rest, hasEvents, ...head });
  const many = { answers, ledger, apiIot, broker, vehicles, mails, pushes, events: events ?? [] };
  for (const kind of lists) for (const row of many[kind]) yield sealed({ kind, row });
  for (const table of tables)
    for (const row of database[table]) yield sealed({ kind: `database.${table}`, row });
  yield JSON.stringify({ end: true, lines: count, sha256: hash.digest('hex') });
}

const headSchema = z.looseObject({
  log: z.literal('fleetwake'),
  version: z.number(),
  world: surroundingsSchema.shape.world,
  /** Logs of earlier products of this version have none. */
  surroundings: surroundingsSchema.omit({ world: true }).default({}),
  hasEvents: z.boolean(),
  plan: z.looseObject({}),
});
const rowSchema = z.strictObject({ kind: z.string(), row: z.record(z.string(), z.unknown()) });
const endSchema = z.strictObject({ end: z.literal(true), lines: z.number(), sha256: z.string() });

export type EvidenceReading =
  | { readonly ok: true; readonly evidence: Evidence; readonly surroundings: Surroundings }
  /** Says what is wrong, and what to do. */
  | { readonly ok: false; readonly reason: string };

const hint = 'write it again with "fleetwake run --log FILE"';

/** Reads a log; its seal vouches that every line is as it was written, so what it holds is not looked at again. */
export function readEvidence(text: string): EvidenceReading {
  const lines = text.split('\n').filter((line) => line !== '');
  const last = parsed(lines.pop() ?? '', endSchema);
  const head = parsed(lines[0] ?? '', headSchema);
  if (!head)
    return refused(
      'line 1 is not the beginning of a log of fleetwake; name another file, or give --mapping for a log of your own engine',
    );
  if (head.version !== logVersion)
    return refused(`it is a log of version ${head.version}, and this fleetwake reads ${logVersion}; ${hint}`);
  if (!last) return refused(`its last line is missing: the run or the copying was cut short; ${hint}`);
  if (last.lines !== lines.length)
    return refused(`it has ${lines.length} lines where its last line counts ${last.lines}; ${hint}`);
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${line}\n`);
  if (hash.digest('hex') !== last.sha256)
    return refused(`its lines were changed (the checksum differs); ${hint}`);
  return collect(head, lines.slice(1));
}

function collect(head: z.infer<typeof headSchema>, lines: readonly string[]): EvidenceReading {
  const rows = new Map<string, unknown[]>(
    [...lists, ...tables.map((table) => `database.${table}` as const)].map((kind: Kind) => [kind, []]),
  );
  for (const [index, line] of lines.entries()) {
    const statement = parsed(line, rowSchema);
    const list = statement && rows.get(statement.kind);
    if (!list) return refused(`line ${index + 2} is no evidence that this version knows; ${hint}`);
    list.push(statement.row);
  }
  const { log: _log, version: _version, world, surroundings, hasEvents, ...rest } = head;
  const many = Object.fromEntries(lists.map((kind) => [kind, rows.get(kind)]));
  const database = Object.fromEntries(tables.map((table) => [table, rows.get(`database.${table}`)]));
  const evidence = { ...rest, ...many, database, ...(hasEvents ? {} : { events: null }) };
  return {
    ok: true,
    evidence: evidence as unknown as Evidence,
    surroundings: { world, ...surroundings },
  };
}

function refused(reason: string): EvidenceReading {
  return { ok: false, reason };
}

function parsed<Value>(line: string, schema: z.ZodType<Value>): Value | null {
  try {
    const reading = schema.safeParse(JSON.parse(line));
    return reading.success ? reading.data : null;
  } catch {
    return null;
  }
}
