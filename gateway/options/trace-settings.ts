import type { Metric } from 'prom-client';
import type { Tracing } from '../../shared/ports/tracing.ts';
import { givenText } from '../../shared/protocol/address.ts';

/** How spans are exported, by OpenTelemetry's own variables; the address, headers, time-out and compression the exporter reads itself. */
export interface TraceSettings {
  readonly serviceName: string | null;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly sampler: { readonly name: SamplerName; readonly ratio: number };
  readonly queue: {
    readonly scheduledDelayMillis: number;
    readonly exportTimeoutMillis: number;
    readonly maxQueueSize: number;
    readonly maxExportBatchSize: number;
  };
}

/** The traces of one service. */
export interface Traces {
  readonly tracing: Tracing;
  readonly metrics: readonly Metric[];
  /** Exports what has ended, for two seconds at the most. Never rejects. */
  stop(): Promise<void>;
}

const samplerNames = [
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'always_on',
  'always_off',
  'traceidratio',
] as const;
export type SamplerName = (typeof samplerNames)[number];

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the settings, null where nothing asks for traces, or a list of errors, each with the variable and the fix. */
export function readTraceSettings(
  environment: Environment,
): { readonly settings: TraceSettings | null } | { readonly faults: string[] } {
  // The specification treats an empty variable as one that is not there.
  const given = (name: string) => environment[name]?.trim() || undefined;
  const faults: string[] = [];
  const endpoint = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const tracesEndpoint = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const exporter = given('OTEL_TRACES_EXPORTER');
  const isAsked =
    exporter !== undefined || given(endpoint) !== undefined || given(tracesEndpoint) !== undefined;
  if (!isAsked || exporter === 'none' || given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true')
    return { settings: null };

  function among<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const value = given(name) ?? fallback;
    const found = values.find((one) => one === value);
    if (found === undefined) faults.push(`${name} must be ${values.join(' or ')}, not ${givenText(value)}`);
    return found ?? fallback;
  }
  function number(name: string, fallback: number): number {
    const value = given(name) ?? String(fallback);
    const fits = /^\d{1,9}$/.test(value) && Number(value) > 0;
    if (!fits) faults.push(`${name} must be a whole number above 0, not ${givenText(value)}`);
    return fits ? Number(value) : fallback;
  }
  function pairs(name: string): Record<string, string> {
    const found: Record<string, string> = {};
    for (const part of given(name)?.split(',') ?? []) {
      const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
      // What it holds may be a secret.
      if (key === undefined || value === undefined || !isEncoded(value))
        faults.push(`${name} must be key=value pairs with commas between them, values percent-encoded`);
      else found[key] = decodeURIComponent(value);
    }
    return found;
  }

  among('OTEL_TRACES_EXPORTER', ['otlp', 'none'], 'otlp');
  for (const signal of ['', 'TRACES_']) {
    const prefix = `OTEL_EXPORTER_OTLP_${signal}`;
    const address = given(`${prefix}ENDPOINT`);
    if (address !== undefined && !/^https?:\/\/[^/]/.test(URL.canParse(address) ? address : ''))
      faults.push(`${prefix}ENDPOINT must be an address such as http://127.0.0.1:4318`);
    among(`${prefix}PROTOCOL`, ['http/json'], 'http/json');
    among(`${prefix}COMPRESSION`, ['none', 'gzip'], 'none');
    number(`${prefix}TIMEOUT`, 10_000);
    pairs(`${prefix}HEADERS`);
  }
  const ratioText = given('OTEL_TRACES_SAMPLER_ARG') ?? '1';
  const ratio = Number(ratioText);
  if (!(ratio >= 0 && ratio <= 1))
    faults.push(`OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not ${givenText(ratioText)}`);
  const maxQueueSize = number('OTEL_BSP_MAX_QUEUE_SIZE', 2_048);
  const settings: TraceSettings = {
    serviceName: given('OTEL_SERVICE_NAME') ?? null,
    resourceAttributes: pairs('OTEL_RESOURCE_ATTRIBUTES'),
    sampler: { name: among('OTEL_TRACES_SAMPLER', samplerNames, 'parentbased_always_on'), ratio },
    queue: {
      maxQueueSize,
      scheduledDelayMillis: number('OTEL_BSP_SCHEDULE_DELAY', 5_000),
      exportTimeoutMillis: number('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
      maxExportBatchSize: Math.min(number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512), maxQueueSize),
    },
  };
  return faults.length > 0 ? { faults } : { settings };
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
