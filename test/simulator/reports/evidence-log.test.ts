import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { calmTestCase } from '../../../simulator/check/test-case.ts';
import { runTestCase } from '../../../simulator/check/test-case-run.ts';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import type { Evidence } from '../../../simulator/reports/evidence.ts';
import { evidenceLines, readEvidence } from '../../../simulator/reports/evidence-log.ts';
import type { Surroundings } from '../../../simulator/reports/surroundings.ts';
import { corrupted, only, sampleEvidence } from './sample.ts';

const surroundings: Surroundings = {
  world: 'live',
  bus: 'nats',
  versions: { fleetwake: '0.1.0' },
  calledAs: './my storm.yaml',
};

const textOf = (evidence: Evidence) => [...evidenceLines(evidence, surroundings), ''].join('\n');

function verdictsOf(text: string): string[] {
  const reading = readEvidence(text);
  if (!reading.ok) throw new Error(reading.reason);
  return runChecks(reading.evidence).flatMap(({ ok, id, violations }) =>
    ok ? [] : violations.map((violation) => `rule ${id}: ${violation}`),
  );
}

function reasonOf(text: string): string | null {
  const reading = readEvidence(text);
  return reading.ok ? null : reading.reason;
}

test('a log holds all of the evidence, and missing events stay missing', () => {
  for (const evidence of [sampleEvidence(), { ...sampleEvidence(), events: null }])
    expect(readEvidence(textOf(evidence))).toEqual({ ok: true, evidence, surroundings });
});

test('what broke a rule in the run breaks it in the log', () => {
  const twice = corrupted(({ ledger }) => {
    const captured = only(
      ledger,
      ({ kind, activationId }) => kind === 'captured' && activationId === 'act_a',
    );
    ledger.push({ ...captured, key: 'another' });
  });
  expect(verdictsOf(textOf(sampleEvidence()))).toEqual([]);
  expect(verdictsOf(textOf(twice))).toEqual(
    runChecks(twice).flatMap(({ id, violations }) =>
      violations.map((violation) => `rule ${id}: ${violation}`),
    ),
  );
  expect(verdictsOf(textOf(twice)).length).toBeGreaterThan(0);
});

test('a virtual run is judged from its log as it was during the run', async () => {
  const { evidence, verdicts } = await runTestCase(
    calmTestCase([{ faults: [{ type: 'result', nth: 1, kind: 'fatal' }] }]),
  );
  const reading = readEvidence(textOf(evidence));
  expect(reading.ok && runChecks(reading.evidence)).toEqual(verdicts);
});

test('a log that was cut short, changed or has another format is refused, with the fix', () => {
  const lines = [...evidenceLines(sampleEvidence(), surroundings)];
  const hint = 'write it again with "fleetwake run --log FILE"';
  const end = lines.at(-1) ?? '';
  expect(reasonOf('')).toBe(
    'line 1 is not the beginning of a log of fleetwake; name another file, or give --mapping for a log of your own engine',
  );
  expect(reasonOf('{"level":"info"}\n')).toBe(
    'line 1 is not the beginning of a log of fleetwake; name another file, or give --mapping for a log of your own engine',
  );
  expect(reasonOf(lines.slice(0, -1).join('\n'))).toBe(
    `its last line is missing: the run or the copying was cut short; ${hint}`,
  );
  expect(reasonOf([...lines.slice(0, 5), end].join('\n'))).toBe(
    `it has 5 lines where its last line counts ${lines.length - 1}; ${hint}`,
  );
  expect(reasonOf(lines.join('\n').replace('"captured"', '"refunded"'))).toBe(
    `its lines were changed (the checksum differs); ${hint}`,
  );
  expect(reasonOf(lines.join('\n').replace('"version":1', '"version":2'))).toBe(
    `it is a log of version 2, and this fleetwake reads 1; ${hint}`,
  );
});

test('an evidence line that this version does not know is refused, even with a correct checksum', () => {
  const head = [...evidenceLines(sampleEvidence(), surroundings)][0] ?? '';
  const strange = JSON.stringify({ kind: 'rumours', row: {} });
  const sha256 = createHash('sha256').update(`${head}\n${strange}\n`).digest('hex');
  const text = [head, strange, JSON.stringify({ end: true, lines: 2, sha256 })].join('\n');
  expect(reasonOf(text)).toBe(
    'line 2 is no evidence that this version knows; write it again with "fleetwake run --log FILE"',
  );
});
