import { groupBy } from '../../shared/memory/group.ts';
import type { CoverageReport, FunctionCoverage } from './coverage.ts';

/** What a person reads of the coverage: a line a folder, then what no run reached, with the reasons that the list gives. */
export function coverageText(report: CoverageReport): string {
  const unlisted = report.unreached.filter(({ reason }) => reason === null);
  const listed = groupBy(
    report.unreached.filter(({ reason }) => reason !== null),
    ({ reason }) => reason ?? '',
  );
  const parts = [folderTable(report)];
  if (listed.size > 0) {
    const lines = [...listed].map(([reason, all]) => `  ${String(all.length).padStart(4)}  ${reason}`);
    parts.push(`not reachable by a run (simulator/cli/coverage-exceptions.ts):\n${lines.join('\n')}`);
  }
  const heading = `not reached by a run, and not listed (${unlisted.length} ${unlisted.length === 1 ? 'function' : 'functions'})`;
  parts.push(unlisted.length === 0 ? heading : `${heading}:\n${placesText(unlisted)}`);
  for (const place of report.needlessExceptions)
    parts.push(`the list contains ${place}, but the runs called all its functions: remove the entry.`);
  return parts.join('\n\n');
}

function folderTable({ folders }: CoverageReport): string {
  const width = Math.max(...folders.map(({ folder }) => folder.length));
  const rows = folders.map(
    ({ folder, functions, reached, percent, calls }) =>
      `  ${folder.padEnd(width)} ${String(reached).padStart(5)} of ${String(functions).padStart(4)} ${percent.toFixed(1).padStart(6)} % ${String(calls).padStart(12)} calls`,
  );
  return `functions that the runs called, by folder:\n${rows.join('\n')}`;
}

/** A line a file: `gateway/engine/engine.ts: 40 stop, 52 (anonymous)`. */
function placesText(functions: readonly FunctionCoverage[]): string {
  return [...groupBy(functions, ({ file }) => file)]
    .map(([file, all]) => `  ${file}: ${all.map(({ line, name }) => `${line} ${name}`).join(', ')}`)
    .join('\n');
}
