import type { VirtualTraces } from '../virtual-system/virtual-traces.ts';
import { openOutputFile } from './output-file.ts';

export interface TracesFile extends Pick<VirtualTraces, 'tracingOf'> {
  /** Writes what was recorded. */
  write(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the file before the run; only now the packages of OpenTelemetry are loaded. */
export async function newTracesFile(path: string, seed: number): Promise<TracesFile> {
  const file = await openOutputFile('--traces', path);
  const { virtualTraces } = await import('../virtual-system/virtual-traces.ts');
  const traces = virtualTraces(seed);
  return {
    tracingOf: traces.tracingOf,
    async write() {
      await file.write(traces.text());
    },
    close: () => file.close(),
  };
}
