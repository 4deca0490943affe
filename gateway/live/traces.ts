import type { Log } from '../../shared/ports/log.ts';
import { silentTracing } from '../../shared/ports/tracing.ts';
import { readTraceSettings, type Traces } from '../options/trace-settings.ts';

/** Opens the traces of one service as the OTEL_ variables say. Where they ask for none, no package of OpenTelemetry is loaded. */
export async function openTraces(
  defaultName: string,
  log: Log,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Traces> {
  const read = readTraceSettings(environment);
  if ('faults' in read) throw new Error(read.faults.join(' '));
  if (read.settings === null) return { tracing: silentTracing, metrics: [], stop: async () => {} };
  const { exportedTraces } = await import('./trace-export.ts');
  return exportedTraces(defaultName, read.settings, log);
}
