import { openMetricsText } from '../reports/metrics-text.ts';
import type { RecordedMetrics } from '../run/metrics-recorder.ts';
import { openOutputFile } from './output-file.ts';

export interface MetricsFile {
  write(metrics: RecordedMetrics): Promise<void>;
  close(): Promise<void>;
}

export async function newMetricsFile(path: string): Promise<MetricsFile> {
  const file = await openOutputFile('--metrics', path);
  return {
    async write(metrics) {
      await file.write(openMetricsText(metrics));
    },
    close: () => file.close(),
  };
}
