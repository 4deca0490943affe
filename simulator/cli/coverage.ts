import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { groupBy } from '../../shared/memory/group.ts';
import { type CoverageException, exceptionOf } from './coverage-exceptions.ts';
import type { FunctionCount } from './coverage-recorder.ts';

/** One function of the source. */
export interface FunctionCoverage {
  /** `gateway/activation/ending.ts` */
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly calls: number;
}

export interface FolderCoverage {
  /** `gateway/activation` */
  readonly folder: string;
  readonly functions: number;
  readonly reached: number;
  readonly percent: number;
  readonly calls: number;
}

/** What `--json` holds of a check with `--coverage`. */
export interface CoverageReport {
  readonly folders: readonly FolderCoverage[];
  readonly functions: readonly FunctionCoverage[];
  /** Functions that no run called; `reason` is the list's, or null where the list does not have them. */
  readonly unreached: readonly (FunctionCoverage & { readonly reason: string | null })[];
  /** Places of the list at which everything was called, or nothing stands any more: to be taken out. */
  readonly needlessExceptions: readonly string[];
}

/** The built program: the folder above `simulator/`. */
const root = new URL('../../', import.meta.url);
const measured = ['gateway/', 'simulator/faults/', 'simulator/fleet/'];
const wholeFile = '(whole file, never loaded)';

/** Whether a check reports on this script. */
export function isMeasured(url: string): boolean {
  return measured.some((folder) => url.startsWith(`${root.href}${folder}`));
}

/** Returns the functions of all measured files with the calls of all processes, in the order of files and lines. */
export function functionsOf(counts: readonly FunctionCount[]): FunctionCoverage[] {
  const merged = new Map<string, FunctionCount>();
  for (const count of counts) {
    const key = `${count.url} ${count.start} ${count.end}`;
    merged.set(key, { ...count, calls: count.calls + (merged.get(key)?.calls ?? 0) });
  }
  const byFile = groupBy(merged.values(), (count) => count.url);
  return builtFiles()
    .flatMap((path) => {
      const file = path.replace(/\.js$/, '.ts');
      const known = byFile.get(new URL(path, root).href);
      if (known) return placed(path, file, known);
      return hasCode(path) ? [{ file, line: 1, name: wholeFile, calls: 0 }] : [];
    })
    .toSorted((left, right) =>
      left.file < right.file ? -1 : left.file > right.file ? 1 : left.line - right.line,
    );
}

/** Judges the counts by the list of what no run can reach. */
export function coverageReport(
  functions: readonly FunctionCoverage[],
  exceptions: readonly CoverageException[],
): CoverageReport {
  const unreached = functions
    .filter(({ calls }) => calls === 0)
    .map((one) => ({ ...one, reason: exceptionOf(exceptions, one)?.reason ?? null }));
  const used = new Set(unreached.map((one) => exceptionOf(exceptions, one)));
  return {
    folders: foldersOf(functions),
    functions,
    unreached,
    needlessExceptions: exceptions.filter((one) => !used.has(one)).map(({ place }) => place),
  };
}

function foldersOf(functions: readonly FunctionCoverage[]): FolderCoverage[] {
  const groups = groupBy(functions, ({ file }) => file.split('/').slice(0, -1).slice(0, 2).join('/'));
  return [...groups].map(([folder, all]) => {
    const reached = all.filter(({ calls }) => calls > 0).length;
    return {
      folder,
      functions: all.length,
      reached,
      percent: Math.round((reached / all.length) * 1_000) / 10,
      calls: all.reduce((sum, { calls }) => sum + calls, 0),
    };
  });
}

function builtFiles(): string[] {
  return measured.flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => `${folder}${name}`),
  );
}

/** A file of types alone is built to nothing. */
function hasCode(path: string): boolean {
  const text = readFileSync(new URL(path, root), 'utf8');
  return text.replace(/^export \{\};$|^\/\/# sourceMappingURL=.*$/gm, '').trim() !== '';
}

/** The functions of one file where they stand in the source. */
function placed(path: string, file: string, counts: readonly FunctionCount[]): FunctionCoverage[] {
  const built = fileURLToPath(new URL(path, root));
  const text = readFileSync(built, 'utf8');
  const map = new SourceMap(JSON.parse(readFileSync(`${built}.map`, 'utf8')));
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return counts.filter(isFunction).map(({ start, name, calls }) => {
    const builtLine = lineStarts.findLastIndex((at) => at <= start);
    const entry = map.findEntry(builtLine, start - (lineStarts[builtLine] ?? 0));
    const line = 'originalLine' in entry ? entry.originalLine + 1 : builtLine + 1;
    return { file, line, name: name || '(anonymous)', calls };
  });
}

/** Neither a file's own top level nor what V8 makes of the fields of a class. */
function isFunction({ start, name }: FunctionCount): boolean {
  return start > 0 && !/^<\w+_initializer>$/.test(name);
}
