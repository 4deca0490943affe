import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { pathText } from '../../../shared/files/mistake.ts';
import { durationOfText, textOfDuration } from '../../../shared/protocol/duration-text.ts';
import { readPolicy } from '../../../simulator/check/own-policy.ts';
import { faultOfFlags } from '../../../simulator/cli/fault-request.ts';
import { readFault } from '../../../simulator/control/read-fault.ts';
import { scenarioJsonSchema } from '../../../simulator/scenarios/json-schema.ts';
import { mistakesOf } from '../../../simulator/scenarios/mistake.ts';
import { scenarioSchema } from '../../../simulator/scenarios/scenario.ts';

test.each([
  ['45 min', 2_700_000],
  ['30s', 30_000],
  ['2h', 7_200_000],
  ['1 h 30 min', 5_400_000],
  ['0.5 s', 500],
  ['0.1 s', 100],
  ['500 ms', 500],
  ['14 d', 1_209_600_000],
  ['-5 min', -300_000],
  ['0 s', 0],
])('reads the duration %j as %i ms', (text, ms) => {
  expect(durationOfText(text)).toBe(ms);
});

test.each([
  '',
  '45',
  '45 m',
  '5 minutes',
  '0.5 ms',
  'min',
  '1 h -5 min',
  '1e3 s',
  '9999999999999 d',
  '5 min!',
])('takes %j for no duration', (text) => {
  expect(durationOfText(text)).toBe(null);
});

test.each([
  [2_700_000, '45 min'],
  [90_000, '90 s'],
  [86_400_000, '1 d'],
  [0, '0 ms'],
  [1, '1 ms'],
])('writes %i ms as %j', (ms, text) => {
  expect(textOfDuration(ms)).toBe(text);
});

const inUnits = `
name: units
description: Every time and share in a unit.
timeScale: 100
constants: { baseDelayMs: 30 s, maxDelayMs: 15 min, deadlineMs: 1 d, quotaWindowMs: 1h, reconcileEveryMs: 15 min }
telemetryEveryMs: 2 s
slackMs: 15s
vehicles:
  count: 2
  outages: [{ vehicle: 1, startMs: 1 min, durationMs: 308 s }]
customers: { pushShare: 50 % }
purchases:
  count: 2
  overMs: 1.5 s
  services: [{ id: heated-seats, feature: heated_seats, duration: 30 days, weight: 1 }]
faults:
  vehicles:
    - { name: away, type: offline, mode: all, attributes: { afterMs: [0, 6 s], forMs: [2 s, 9000] } }
    - { name: skew, type: clock_skew, mode: one, attributes: { skewMs: [-20 s, 40 s] } }
  apiIot:
    - { name: slow, type: slow, toxicity: 3 %, attributes: { latencyMs: 2 s, jitterMs: 0 }, schedule: { afterMs: 5 s, forMs: 1 min } }
  parts:
    - { name: nats, type: nats_down, attributes: { forMs: 5 s }, schedule: { afterMs: 2 s } }
  list:
    - { name: late, layer: link, type: latency, toxicity: 10%, attributes: { latencyMs: 200 ms }, target: { selector: { share: 5 % } } }
`;
const inNumbers = `
name: units
description: Every time and share in a unit.
timeScale: 100
constants: { baseDelayMs: 30000, maxDelayMs: 900000, deadlineMs: 86400000, quotaWindowMs: 3600000, reconcileEveryMs: 900000 }
telemetryEveryMs: 2000
slackMs: 15000
vehicles:
  count: 2
  outages: [{ vehicle: 1, startMs: 60000, durationMs: 308000 }]
customers: { pushShare: 0.5 }
purchases:
  count: 2
  overMs: 1500
  services: [{ id: heated-seats, feature: heated_seats, duration: { unit: days, count: 30 }, weight: 1 }]
faults:
  vehicles:
    - { name: away, type: offline, mode: all, attributes: { afterMs: [0, 6000], forMs: [2000, 9000] } }
    - { name: skew, type: clock_skew, mode: one, attributes: { skewMs: [-20000, 40000] } }
  apiIot:
    - { name: slow, type: slow, toxicity: 0.03, attributes: { latencyMs: 2000, jitterMs: 0 }, schedule: { afterMs: 5000, forMs: 60000 } }
  parts:
    - { name: nats, type: nats_down, attributes: { forMs: 5000 }, schedule: { afterMs: 2000 } }
  list:
    - { name: late, layer: link, type: latency, toxicity: 0.1, attributes: { latencyMs: 200 }, target: { selector: { share: 0.05 } } }
`;

test('a scenario in units is the same as one in milliseconds and parts of one, which stays valid', () => {
  expect(scenarioSchema.parse(parse(inUnits))).toEqual(scenarioSchema.parse(parse(inNumbers)));
});

const small = { name: 'x', description: 'x', timeScale: 100, vehicles: { count: 1 } };
test.each([
  [{ overMs: '45 m' }, 'purchases.overMs is "45 m"; write min for minutes, such as "45 min"'],
  [
    { overMs: 'soon' },
    'purchases.overMs is "soon"; write a duration such as "45 min", "30 s", "2 h" or "500 ms", or a whole number of milliseconds',
  ],
  [{ overMs: '15 d' }, 'purchases.overMs is "15 d"; write at most 14 d'],
  [{ overMs: 1_209_600_001 }, 'purchases.overMs is 1209600001; write at most 1209600000'],
  [{ overMs: -1 }, 'purchases.overMs is -1; write at least 0'],
  [{ overMs: '-1 s' }, 'purchases.overMs is "-1 s"; write at least 0 ms'],
  [
    {},
    'purchases.overMs is missing; write a duration such as "45 min", "30 s", "2 h" or "500 ms", or a whole number of milliseconds',
  ],
])('the error of %j names the fix', (purchases, sentence) => {
  const value = { ...small, purchases: { count: 1, ...purchases } };
  const parsed = scenarioSchema.safeParse(value);
  const mistakes = parsed.success ? [] : mistakesOf(parsed.error, value);
  expect(mistakes.map(({ path, text }) => `${pathText(path)} ${text}`)).toEqual([sentence]);
});

test.each([
  ['150 %', 'write at most 100 %'],
  ['3', 'write a number from 0 to 1, or a percentage such as "3 %"'],
  [2, 'write at most 1'],
  ['-3 %', 'write a number from 0 to 1, or a percentage such as "3 %"'],
])('the error of the share %j names the fix', (toxicity, fix) => {
  const reading = readFault({ name: 'x', layer: 'link', type: 'offline', toxicity });
  expect(reading).toEqual({ ok: false, mistakes: [`toxicity is ${JSON.stringify(toxicity)}; ${fix}`] });
});

test('a fault over REST and the flags of `fleetwake fault add` take the same units', () => {
  const flags = { after: '45 min', for: '1h', every: '2 h', toxicity: '3%', share: '10 %' };
  const record = faultOfFlags('offline', flags) as object;
  expect(record).toMatchObject({
    toxicity: 0.03,
    target: { selector: { share: 0.1 } },
    schedule: { afterMs: 2_700_000, forMs: 3_600_000, everyMs: 7_200_000 },
  });
  expect(readFault(record).ok).toBe(true);
  expect(faultOfFlags('offline', { after: '500' })).toMatchObject({ schedule: { afterMs: 500 } });
  expect(() => faultOfFlags('offline', { for: '5 minutes' })).toThrow(
    '--for takes a duration such as 30s or "45 min", or milliseconds, not "5 minutes"',
  );
  expect(() => faultOfFlags('offline', { share: 'half' })).toThrow(
    '--share takes a number from 0 to 1, or a percentage such as 3%, not "half"',
  );
});

test('a retry policy takes the same units', () => {
  const inUnit = readPolicy('policy.yaml', 'baseDelayMs: 30 s\nmaxDelayMs: 15 min\ncommandTimeoutMs: 5 min');
  const plain = readPolicy('policy.yaml', 'baseDelayMs: 30000\nmaxDelayMs: 900000\ncommandTimeoutMs: 300000');
  expect(inUnit.ok).toBe(true);
  expect(inUnit).toEqual(plain);
});

test('the JSON Schema for editors takes a duration as a number and as a text', () => {
  const { properties } = scenarioJsonSchema() as { properties: Record<string, { anyOf?: unknown[] }> };
  expect(properties.telemetryEveryMs?.anyOf).toEqual([
    expect.objectContaining({ type: 'integer', minimum: 100, maximum: 1_209_600_000 }),
    expect.objectContaining({ type: 'string' }),
  ]);
});

test('the shipped default scenario is written in units', () => {
  const text = readFileSync('simulator/scenarios/library/default.yaml', 'utf8');
  expect(text).toContain('commandTimeoutMs: 5 min');
  expect(text).toContain('toxicity: 5 %');
  expect(text).not.toMatch(/Ms: \d{4,}/);
});
