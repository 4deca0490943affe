import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type SeenSpan, spansOf, treeOf, withCollector } from '../helpers/otlp.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const scenario = `name: one-purchase
description: One purchase, whose first attempt the vehicle rejects.
timeScale: 200
constants: { pollEveryMs: 30 min }
vehicles: { count: 1 }
customers: { count: 1, pushShare: 100 % }
purchases: { count: 1, overMs: 1 s }
faults:
  vehicles:
    - { name: busy, type: ecu_busy, mode: all, attributes: { first: [1, 1], feature: null } }
expectations: [active = 100 %]
`;
const run = ['run', 'one.yaml', '--seed', '2'];

/** The spans of the purchase; those that repeat beside one parent, such as its two attempts, stand once. */
const expected = `activation · internal · platform
  GET /vehicle/{vin}/health · client · platform
    GET /vehicle/:vin/health · server · api-iot
  GET /vehicle/{vin}/status · client · platform
    GET /vehicle/:vin/status · server · api-iot
  POST /oauth/token · client · platform
    POST /oauth/token · server · api-iot
  POST /purchases · server · platform
  POST /v1/payment_intents · client · platform
  POST /v1/payment_intents/{id}/capture · client · platform
  attempt · internal · platform
    POST /vehicle/{vin}/configure · client · platform
      POST /vehicle/:vin/configure · server · api-iot
        POST /callbacks/api-iot · client · api-iot
          POST /callbacks/api-iot · server · platform
        process vehicles/{vin}/cmd/configure · consumer · vehicle
        process vehicles/{vin}/evt/result · consumer · api-iot
        send vehicles/{vin}/cmd/configure · producer · api-iot
  send fleetwake.wake.{activation} · producer · platform
    process fleetwake.wake.{activation} · consumer · platform
  send mail · client · platform
  send push · client · platform`.split('\n');

/** The trace of the one activation. */
function purchaseOf(spans: readonly SeenSpan[]): string {
  const [root] = spans.filter(({ name, kind }) => name === 'activation' && kind === 1);
  return root?.traceId ?? 'none';
}

/** Of each attempt, by number: whether it failed, and the numbers of the attempts that it is linked to. */
function attemptsOf(spans: readonly SeenSpan[]) {
  const attempts = spans.filter(({ name }) => name === 'attempt');
  const numbers = new Map(attempts.map(({ spanId, attributes }) => [spanId, attributeOf(attributes)]));
  return attempts.map(({ spanId, status, links = [] }) => ({
    number: numbers.get(spanId),
    failed: status.code === 2,
    after: links.map((link) => numbers.get(link.spanId)),
  }));
}

function attributeOf(attributes: SeenSpan['attributes']): number | undefined {
  const found = attributes.find(({ key }) => key === 'fleetwake.attempt')?.value;
  return (found as { intValue?: number } | undefined)?.intValue;
}

const attempts = [
  { number: 1, failed: true, after: [] },
  { number: 2, failed: false, after: [1] },
];

test('a purchase is one trace from its request to its mail in virtual time, the same bytes each time', () =>
  withTemporaryFolder(async (folder) => {
    writeFileSync(join(folder, 'one.yaml'), scenario);
    const plain = await fleetwake(folder, [...run, '--json']);
    const first = await fleetwake(folder, [...run, '--json', '--traces', 'first.json']);
    const second = await fleetwake(folder, [...run, '--json', '--traces', 'second.json']);
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    // Recording changes nothing of the run.
    expect(first.stdout).toBe(plain.stdout);
    const text = readFileSync(join(folder, 'first.json'), 'utf8');
    expect(readFileSync(join(folder, 'second.json'), 'utf8')).toBe(text);
    const spans = spansOf(text);
    expect(treeOf(spans, purchaseOf(spans))).toEqual(expected);
    expect(attemptsOf(spans)).toEqual(attempts);
    // No VIN, mail address or token of the run.
    expect(text).not.toMatch(/WFW\w{14}|@|whsec_|sk_test|Bearer/);
  }));

test('a purchase is the same trace on real parts, sent to a collector with its headers', () =>
  withTemporaryFolder(async (folder) => {
    writeFileSync(join(folder, 'one.yaml'), scenario);
    await withCollector(async ({ origin, spans, headers }) => {
      const live = await fleetwake(folder, [...run, '--live', '--no-console'], {
        OTEL_EXPORTER_OTLP_ENDPOINT: origin,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20let-me-in',
      });
      expect([live.exitCode, live.stderr]).toEqual([0, expect.any(String)]);
      expect(headers[0]).toMatchObject({ authorization: 'Bearer let-me-in' });
      expect(treeOf(spans, purchaseOf(spans))).toEqual(expected);
      expect(attemptsOf(spans)).toEqual(attempts);
    });
  }));

test('a variable that cannot be used is named, with the fix, before anything starts', () =>
  withTemporaryFolder(async (folder) => {
    const bad = { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318', OTEL_TRACES_SAMPLER: 'sometimes' };
    const checked = await fleetwake(folder, ['config', 'check'], bad);
    expect(checked.exitCode).toBe(2);
    expect(checked.stdout).toContain(
      '✗ OTEL_EXPORTER_OTLP_ENDPOINT: must be an address such as http://127.0.0.1:4318\n',
    );
    expect(checked.stdout).toContain('✗ OTEL_TRACES_SAMPLER: must be parentbased_always_on or ');
    const started = await fleetwake(folder, ['gateway'], bad);
    expect([started.exitCode, started.stderr]).toEqual([
      2,
      expect.stringContaining('OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as'),
    ]);
  }));
