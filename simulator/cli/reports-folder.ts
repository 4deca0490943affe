import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { FinishedView } from '../moments/run-views.ts';

/** Files of the folder that are listed: the newest ones. */
export const reportsMax = 200;
const fileMaxBytes = 64 * 1024 * 1024;
const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.json$/;
/** The run of a report, in a file beside it. */
export const runSuffix = '.run.json';

const runReport = z.looseObject({
  scenario: z.string(),
  seed: z.number().nullable(),
  ok: z.boolean(),
  checks: z.array(z.unknown()),
});
const checkReport = z.looseObject({
  seed: z.number(),
  runs: z.number(),
  ok: z.boolean(),
  failures: z.array(z.unknown()),
});
const savedRun = z.looseObject({ about: z.string(), seed: z.number(), scenario: z.looseObject({}) });
const savedFailure = z.looseObject({ about: z.string(), schedule: z.looseObject({}) });

type Known = Pick<FinishedView, 'kind' | 'title' | 'ok'>;

/** A folder with reports and saved runs, each a JSON file. Other files in it are not shown. */
export interface ReportsFolder {
  readonly path: string;
  list(): Promise<FinishedView[]>;
  /** The text of a report or saved run; null for a name that is none of one in it, or that is too large. */
  read(file: string): Promise<string | null>;
  /**
   * Writes files that belong together, and overwrites none: where one of these names is taken, all of them get the same number,
   * `NAME.2.json` and `NAME.2.run.json`.
   */
  writeNew(files: Readonly<Record<string, string>>): Promise<void>;
}

export function reportsFolder(path: string): ReportsFolder {
  /** By name, size and instant: a file is read again only when it was written again. */
  const known = new Map<string, Known | null>();
  let lastPart = 0;
  /** Names that `writeNew` gives away before their files are there. */
  const given = new Set<string>();

  async function textOf(file: string): Promise<string | null> {
    if (!safeName.test(file)) return null;
    try {
      const { size } = await stat(join(path, file));
      return size > fileMaxBytes ? null : await readFile(join(path, file), 'utf8');
    } catch {
      return null;
    }
  }

  async function viewOf(file: string, writtenAt: number, size: number): Promise<FinishedView | null> {
    const key = `${file} ${size} ${writtenAt}`;
    if (!known.has(key)) known.set(key, kindOf((await textOf(file)) ?? ''));
    const kind = known.get(key);
    const number = numbered.exec(file)?.[1];
    const title = number === undefined ? kind?.title : `${kind?.title} (${number})`;
    return kind == null ? null : { ...kind, title: title ?? '', file, writtenAt, travel: null };
  }

  async function write(file: string, text: string): Promise<void> {
    await mkdir(path, { recursive: true });
    // A reader sees the whole file, or none; two writers of one name have a part each.
    lastPart += 1;
    const part = join(path, `.${file}.${lastPart}.part`);
    await writeFile(part, text);
    await rename(part, join(path, file));
  }

  return {
    path,
    async writeNew(files) {
      const taken = new Set(await readdir(path).catch((): string[] => []));
      const names = Object.keys(files);
      const isFree = (name: string) => !taken.has(name) && !given.has(name);
      let number = 1;
      while (!names.every((name) => isFree(withNumber(name, number)))) number += 1;
      for (const name of names) given.add(withNumber(name, number));
      await Promise.all(Object.entries(files).map(([name, text]) => write(withNumber(name, number), text)));
    },
    async read(file) {
      const text = await textOf(file);
      // The folder may hold other files, which no page is to read.
      return text === null || kindOf(text) === null ? null : text;
    },
    async list() {
      const names = (await readdir(path).catch(() => [])).filter((name) => safeName.test(name));
      const files = await Promise.all(
        names.map(async (name) => ({ name, entry: await stat(join(path, name)).catch(() => null) })),
      );
      const newest = files
        .flatMap(({ name, entry }) =>
          entry?.isFile() ? [{ name, size: entry.size, at: entry.mtimeMs }] : [],
        )
        .toSorted((a, b) => b.at - a.at)
        .slice(0, reportsMax);
      const views = await Promise.all(newest.map(({ name, at, size }) => viewOf(name, at, size)));
      return withTravel(views.filter((view) => view !== null));
    },
  };
}

/** The number that `writeNew` gave to a file. */
const numbered = /\.(\d+)(?:\.run)?\.json$/;

function withNumber(name: string, number: number): string {
  return number === 1 ? name : name.replace(/((?:\.run)?\.json)$/, `.${number}$1`);
}

/** A report leads to its run; a run that has a report is not shown by itself. */
function withTravel(views: readonly FinishedView[]): FinishedView[] {
  const names = new Set(views.map(({ file }) => file));
  const runOf = (file: string) => file.replace(/\.json$/, runSuffix);
  const owned = new Set(views.map(({ file }) => runOf(file)).filter((name) => names.has(name)));
  return views
    .filter(({ file }) => !owned.has(file))
    .map((view) => {
      const isRun = view.kind === 'saved run' || view.kind === 'saved failure';
      return { ...view, travel: isRun ? view.file : owned.has(runOf(view.file)) ? runOf(view.file) : null };
    });
}

function titleOf({ scenario, seed }: z.infer<typeof runReport>): string {
  return seed === null ? `log ${scenario}` : `${scenario}, seed ${seed}`;
}

function kindOf(text: string): Known | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const run = runReport.safeParse(value);
  if (run.success) return { kind: 'run', title: titleOf(run.data), ok: run.data.ok };
  const check = checkReport.safeParse(value);
  if (check.success) {
    const { seed, runs, failures, ok } = check.data;
    return { kind: 'check', title: `${runs} runs of seed ${seed}, ${failures.length} failures`, ok };
  }
  const saved = savedRun.safeParse(value);
  if (saved.success) return { kind: 'saved run', title: saved.data.about, ok: null };
  const failure = savedFailure.safeParse(value);
  return failure.success
    ? { kind: 'saved failure', title: failure.data.about.slice(0, 200), ok: false }
    : null;
}
