import { expect, it } from 'vitest';
import { readTraceSettings } from '../../../gateway/options/trace-settings.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

it('reads the sampler, the queue, the name and the attributes of the resource', () => {
  expect(
    readTraceSettings({
      ...endpoint,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test, service.version=1%2C2',
    }),
  ).toEqual({
    settings: {
      serviceName: null,
      resourceAttributes: { 'deployment.environment.name': 'test', 'service.version': '1,2' },
      sampler: { name: 'parentbased_traceidratio', ratio: 0.25 },
      queue: {
        maxQueueSize: 100,
        scheduledDelayMillis: 5_000,
        exportTimeoutMillis: 30_000,
        maxExportBatchSize: 100,
      },
    },
  });
});

it('names each variable that cannot be used, with the fix, and never a header', () => {
  expect(
    readTraceSettings({
      ...endpoint,
      OTEL_TRACES_EXPORTER: 'zipkin',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization',
      OTEL_TRACES_SAMPLER_ARG: '2',
      OTEL_BSP_SCHEDULE_DELAY: 'soon',
    }),
  ).toEqual({
    faults: [
      'OTEL_TRACES_EXPORTER must be otlp or none, not "zipkin"',
      'OTEL_EXPORTER_OTLP_PROTOCOL must be http/json, not "grpc"',
      'OTEL_EXPORTER_OTLP_HEADERS must be key=value pairs with commas between them, values percent-encoded',
      'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not "2"',
      'OTEL_BSP_SCHEDULE_DELAY must be a whole number above 0, not "soon"',
    ],
  });
});
