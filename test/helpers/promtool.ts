import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scrapedSeries } from '../../simulator/reports/metrics-text.ts';
import type { RecordedMetrics } from '../../simulator/run/metrics-recorder.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

/** A series as promtool takes it: `_` where there is no sample. */
function valuesText(values: readonly (number | null)[]): string {
  return values.map((value) => value ?? '_').join(' ');
}

/** What an expression must give when the recording ends: samples with their labels, or none. */
export interface ExpectedQuery {
  readonly expr: string;
  readonly samples: readonly { readonly labels: string; readonly value: number }[];
}

/**
 * Lets promtool (Debian's prometheus) evaluate a file of rules on what a run recorded, and compare expressions at its end. Resolves
 * with null, or with what promtool said.
 */
export async function promtoolFailure(
  recorded: RecordedMetrics,
  rules: { readonly file: string; readonly metrics: ReadonlySet<string> },
  queries: readonly ExpectedQuery[],
): Promise<string | null> {
  const interval = `${recorded.everyMs / 1_000}s`;
  const input = [...recorded.series].filter(([series]) => rules.metrics.has(series.replace(/\{.*/, '')));
  const test = {
    interval,
    input_series: input.map(([series, values]) => ({
      series: scrapedSeries(series),
      values: valuesText(values),
    })),
    promql_expr_test: queries.map(({ expr, samples }) => ({
      expr,
      eval_time: `${((recorded.scrapes - 1) * recorded.everyMs) / 1_000}s`,
      exp_samples: samples,
    })),
  };
  return withTemporaryFolder(async (folder) => {
    const file = join(folder, 'test.yml');
    const content = { rule_files: [rules.file], evaluation_interval: interval, tests: [test] };
    await writeFile(file, JSON.stringify(content));
    return run('promtool', ['test', 'rules', file]).then(
      () => null,
      (error: { stdout?: string; stderr?: string }) => `${error.stdout ?? ''}${error.stderr ?? ''}`,
    );
  });
}
