import { expect, test } from 'vitest';
import { checkJunit } from '../../../simulator/cli/check-formats.ts';
import type { CheckReport } from '../../../simulator/cli/check-report.ts';

const passed: CheckReport = {
  ok: true,
  seed: 3,
  runs: 20,
  startedAt: Date.UTC(2026, 10, 30),
  seconds: 1.5,
  versions: { fleetwake: '1.2.3', node: '20.19.0' },
  corpus: [{ file: 'a.json', broken: null }],
  failures: [],
  schedulesPerSecond: 1,
  eventsPerSecond: 1,
  activationsPerSecond: 1,
  probes: {},
  probesMissed: [],
  traceHash: '',
};

test('a check has a case for each file of the corpus, one for its runs and one for its probes', () => {
  expect(checkJunit(passed)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="0" errors="0" skipped="0">
  <testsuite name="fleetwake check" timestamp="2026-11-30T00:00:00.000Z" time="1.5" tests="3" failures="0" errors="0" skipped="0">
    <properties>
      <property name="seed" value="3"/>
    </properties>
    <testcase classname="fleetwake" name="corpus a.json" time="0"/>
    <testcase classname="fleetwake" name="20 runs of seed 3" time="0"/>
    <testcase classname="fleetwake" name="every probe occurred" time="0"/>
  </testsuite>
</testsuites>
`);
});

test('what failed is said with its replay, and what XML cannot hold is replaced', () => {
  const xml = checkJunit({
    ...passed,
    corpus: [{ file: 'a.json', broken: { rule: 'order <9>', sentence: 'V1 "stands" at\u0001 2' } }],
    failures: [
      {
        ...{ rule: 'money', sentence: 'A1 was charged', run: 4, schedule: {} },
        ...{ file: 'f.json', replay: 'npx fleetwake replay f.json' },
      },
    ],
    probesMissed: ['quota exhausted'],
  });
  expect([...xml.matchAll(/<failure message="([^"]*)"/g)].map(([, message]) => message)).toEqual([
    'order &lt;9>: V1 &quot;stands&quot; at\ufffd 2',
    'money: A1 was charged (npx fleetwake replay f.json)',
    'no run reached &quot;quota exhausted&quot;',
  ]);
});

test('a text with ends of CDATA sections in it stays well-formed XML, with nothing lost', () => {
  const xml = checkJunit({
    ...passed,
    failures: [
      {
        ...{ rule: 'money', sentence: 'a ]]> b ]]> c', run: 4, schedule: {} },
        ...{ file: 'f.json', replay: 'npx fleetwake replay f.json' },
      },
    ],
  });
  const failure = /<failure message="[^"]*"[^>]*>([\s\S]*)<\/failure>/.exec(xml)?.[1] ?? '';
  const sections = [...failure.matchAll(/<!\[CDATA\[([\s\S]*?)\]\]>/g)];
  expect(sections.map(([, text]) => text).join('')).toContain('a ]]> b ]]> c');
  expect(failure.replaceAll(/<!\[CDATA\[[\s\S]*?\]\]>/g, '').trim()).toBe('');
});
