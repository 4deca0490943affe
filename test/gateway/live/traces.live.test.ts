import { afterEach, expect, test } from 'vitest';
import { openTraces } from '../../../gateway/live/traces.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { silentTracing } from '../../../shared/ports/tracing.ts';
import { withCollector } from '../../helpers/otlp.ts';
import { until } from '../../helpers/until.ts';

/** The exporter reads its address itself. */
const variables = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TIMEOUT'];
afterEach(() => {
  for (const name of variables) delete process.env[name];
});

async function opened(environment: Readonly<Record<string, string>>) {
  Object.assign(process.env, environment);
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (event: string, fields?: object) => warnings.push([event, fields]) };
  const traces = await openTraces('fleetwake-test', log, environment);
  const counts = async () => {
    const [metric] = traces.metrics;
    const { values } = (await metric?.get()) ?? { values: [] };
    return Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]));
  };
  const record = (count: number) => {
    for (let number = 0; number < count; number += 1)
      traces.tracing.start({ name: `span ${number}`, kind: 'internal' }).end();
  };
  return { traces, warnings, counts, record };
}

test('records nothing unless a variable asks for traces, nor when OTEL_SDK_DISABLED switches it off', async () => {
  const off = [
    {},
    { OTEL_SERVICE_NAME: 'mine' },
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
    { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
  ];
  for (const environment of off)
    expect((await openTraces('fleetwake-test', silentLog, environment)).tracing).toBe(silentTracing);
});

test('exports what has ended when it stops, under the name of OTEL_SERVICE_NAME', () =>
  withCollector(async ({ origin, spans }) => {
    const { traces, counts, record } = await opened({
      OTEL_EXPORTER_OTLP_ENDPOINT: origin,
      OTEL_SERVICE_NAME: 'mine',
    });
    record(3);
    await traces.stop();
    expect(spans.map(({ service, name }) => [service, name])).toEqual([
      ['mine', 'span 0'],
      ['mine', 'span 1'],
      ['mine', 'span 2'],
    ]);
    expect(await counts()).toEqual({ exported: 3 });
  }));

test('counts and logs the spans that a collector refuses', () =>
  withCollector(async ({ origin }) => {
    const { traces, warnings, counts, record } = await opened({ OTEL_EXPORTER_OTLP_ENDPOINT: origin });
    record(2);
    await traces.stop();
    expect(await counts()).toEqual({ failed: 2 });
    expect(warnings).toEqual([
      ['traces.not_exported', { service: 'fleetwake-test', outcome: 'failed', count: 1 }],
    ]);
  }, 500));

test('drops what a hanging collector leaves no room for, and stops all the same', () =>
  withCollector(async ({ origin, headers }) => {
    const { traces, counts, record } = await opened({
      OTEL_EXPORTER_OTLP_ENDPOINT: origin,
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
    });
    record(10);
    await until(() => headers.length === 1, 'the first batch has left');
    record(25);
    expect(await counts()).toEqual({ dropped: 15 });
    await traces.stop();
  }, null));
