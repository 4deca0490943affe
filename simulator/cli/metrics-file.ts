import { open } from 'node:fs/promises';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { openMetricsText } from '../reports/metrics-text.ts';
import type { RecordedMetrics } from '../run/metrics-recorder.ts';
import { UsageError } from './exit.ts';

export interface MetricsFile {
  write(metrics: RecordedMetrics): Promise<void>;
  close(): Promise<void>;
}

/** Opened before a run, so that a path that cannot be written to costs no run. */
export async function newMetricsFile(path: string): Promise<MetricsFile> {
  const file = await open(path, 'w').catch((error: unknown) => {
    throw new UsageError(`--metrics ${path} cannot be written: ${fileErrorText(error)}; name another file`);
  });
  return {
    async write(metrics) {
      await file.write(openMetricsText(metrics));
    },
    close: () => file.close(),
  };
}
