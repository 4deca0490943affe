import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { catalogueFolder, shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../../gateway/catalogue/load.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { scenarioJsonSchema } from '../../../simulator/scenarios/json-schema.ts';
import { shippedNames, shippedScenario } from '../../../simulator/scenarios/library.ts';
import { planScenario } from '../../../simulator/scenarios/plan.ts';
import { readScenarioFile } from '../../../simulator/scenarios/scenario-file.ts';

const services = loadCatalogue(catalogueFolder(shippedCatalogueFolder())).services();

const smallest = `name: smallest
description: As little as a scenario needs.
timeScale: 100
vehicles:
  count: 2
purchases:
  count: 2
  overMs: 1000
`;

function mistakesIn(text: string): readonly string[] {
  const reading = readScenarioFile(text, 'my.yaml', services);
  return reading.ok ? [] : reading.mistakes;
}

test('eight lines are a scenario: the defaults are the specification and a small fleet', () => {
  const reading = readScenarioFile(smallest, 'my.yaml', services);
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  const { constants, customers, purchases, faults } = reading.scenario;
  expect(constants).toEqual({
    maxRetries: 5,
    baseDelayMs: 30_000,
    maxDelayMs: 900_000,
    pollEveryMs: 30_000,
    resultGraceMs: 20_000,
    deadlineMs: 86_400_000,
    commandTimeoutMs: 300_000,
    quotaLimit: 10,
    quotaWindowMs: 3_600_000,
  });
  expect(faults).toEqual({ vehicles: [], apiIot: [] });
  expect(purchases.services.map(({ id }) => id)).toEqual([
    'heated-seats',
    'ambient-light',
    'remote-start',
    'adaptive-cruise',
    'range-boost',
    'sport-mode',
  ]);
  expect(customers).toEqual({ languages: ['en'], pushShare: 0.5 });
  expect(planScenario(reading.scenario, 1, seededRandom).customers).toHaveLength(2);
});

test('JSON is YAML, so a scenario may be written in it', () => {
  const text = JSON.stringify({
    name: 'j',
    description: '',
    timeScale: 1,
    vehicles: { count: 1 },
    purchases: { count: 1, overMs: 0 },
  });
  expect(mistakesIn(text)).toEqual([]);
});

test.each([
  [
    'a wrong field',
    'count: 2\n  colour: red',
    'my.yaml:6:3: vehicles.colour is no field of a scenario; remove it or correct its name',
  ],
  ['a wrong value', 'count: many', 'my.yaml:5:10: vehicles.count is "many"; write a number'],
  ['too small a number', 'count: 0', 'my.yaml:5:10: vehicles.count is 0; write at least 1'],
  ['something missing', 'connectivity: drive', 'my.yaml:5:3: vehicles.count is missing; write a number'],
  [
    'an unknown profile',
    'count: 2\n  connectivity: good',
    'my.yaml:6:17: vehicles.connectivity is "good"; write one of steady, drive, tunnel, garage, sleep, flapping',
  ],
  [
    'a model that is not there',
    'count: 2\n  models: [{ model: dacia, weight: 1 }]',
    'my.yaml:6:21: vehicles.models[0].model is "dacia", which is not a model; write one of aurora-2026, borealis-2026, cirrus-2025',
  ],
  [
    'a language that notifications do not have',
    'count: 2\ncustomers: { languages: [en, fr] }',
    'my.yaml:6:30: customers.languages[1] is "fr"; write a language that notifications have: en, es',
  ],
])('%s is reported with file, line, column and fix', (_, vehicles, sentence) => {
  expect(mistakesIn(smallest.replace('count: 2', vehicles))).toEqual([sentence]);
});

const withFault = (lines: string) => `${smallest}faults:\n  vehicles:\n    - name: x\n${lines}`;

test.each([
  [
    'an unknown fault',
    '      type: ofline\n',
    'my.yaml:12:13: faults.vehicles[0].type is "ofline"; write one of offline, lose_result, cut_when_applying, hang, ecu_busy, low_12v, storage_full, reject, clock_skew',
  ],
  [
    'a range the wrong way round',
    '      type: offline\n      mode: all\n      attributes: { afterMs: [5, 1], forMs: null }\n',
    'my.yaml:14:30: faults.vehicles[0].attributes.afterMs is [5,1]; the first number must not be above the second',
  ],
  [
    'more vehicles than there are',
    '      type: hang\n      mode: fixed\n      value: 3\n      attributes: { first: null }\n',
    'my.yaml:14:14: faults.vehicles[0].value is 3, and there are only 2 vehicles; write at most 2',
  ],
  [
    'a mode without its figure',
    '      type: hang\n      mode: fixed-percent\n      attributes: { first: null }\n',
    'my.yaml:11:7: faults.vehicles[0].value is missing; with mode fixed-percent write the percentage of vehicles',
  ],
  [
    'an outage after everything has ended',
    '      type: offline\n      mode: all\n      attributes: { afterMs: [90000, 90000], forMs: null }\n',
    'my.yaml:14:30: faults.vehicles[0].attributes.afterMs begins at 90000 ms, and by 46300 ms every activation of this scenario has ended; write a smaller number',
  ],
])('%s of a vehicle is reported with its place and fix', (_, lines, sentence) => {
  expect(mistakesIn(withFault(lines))).toEqual([sentence]);
});

const withWindow = (schedule: string) => `${smallest}faults:
  apiIot:
    - name: down
      type: server_error
      toxicity: 1
      schedule: ${schedule}
      attributes: { status: 503 }
`;

test.each([
  [
    '{ forMs: 100, everyMs: 50 }',
    'my.yaml:14:26: faults.apiIot[0].schedule.forMs is 100; a window must end before the next one begins: make forMs smaller than everyMs',
  ],
  [
    '{ everyMs: 50 }',
    'my.yaml:14:28: faults.apiIot[0].schedule.everyMs is 50; a fault that comes again needs forMs, the length of each window',
  ],
  [
    '{ afterMs: 90000 }',
    'my.yaml:14:28: faults.apiIot[0].schedule.afterMs begins at 90000 ms, and by 46300 ms every activation of this scenario has ended; write a smaller number',
  ],
])('the impossible schedule %s is refused', (schedule, sentence) => {
  expect(mistakesIn(withWindow(schedule))).toEqual([sentence]);
});

test('a service that is not sold, another feature, and a duration without a price are refused', () => {
  const text = smallest.replace(
    'overMs: 1000',
    `overMs: 1000
  services:
    - { id: massage, feature: massage, duration: { unit: permanent }, weight: 1 }
    - { id: sport-mode, feature: heated_seats, duration: { unit: permanent }, weight: 1 }
    - { id: sport-mode, feature: sport_mode, duration: { unit: days, count: 9 }, weight: 1 }`,
  );
  expect(mistakesIn(text)).toEqual([
    'my.yaml:10:13: purchases.services[0].id is "massage", which is not sold; write one of heated-seats, adaptive-cruise, range-boost, ambient-light, remote-start, sport-mode',
    'my.yaml:11:34: purchases.services[1].feature is "heated_seats", but sport-mode wakes sport_mode',
    'my.yaml:12:56: purchases.services[2].duration is none of the durations that sport-mode is sold for',
  ]);
});

test('an expectation that cannot be checked is refused', () => {
  expect(mistakesIn(`${smallest}expectations:\n  - active >= 99 %\n  - happy = 3\n`)).toEqual([
    'my.yaml:11:5: expectations[1] is "happy = 3"; nothing is called "happy"; write one of active, failed, cancelled, declined, payment failed, pending, refused, unanswered, p50 time to active, p95 time to active, p99 time to active, longest time to active, tickets, high tickets, medium tickets, revocations done, revocations open, revocations superseded, reactivations done, most attempts, faults at the API IoT, faults at payments, faults at mail and push, notices given up, activations with N attempts, authorised, captured, voided, refunded, kept, rule N, "p1 active within 2 min" of one purchase',
  ]);
});

test('broken YAML is said at its place', () => {
  expect(mistakesIn('name: a\nname: b\n')).toEqual([
    'my.yaml:2:1: Map keys must be unique; correct the YAML there',
  ]);
  expect(mistakesIn('vehicles: [1\n')).toEqual([
    'my.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]; correct the YAML there',
  ]);
});

test('an empty file, a list, and a file that is too long are no scenario', () => {
  expect(mistakesIn('')).toEqual(['my.yaml:1:1: the scenario is null; write fields with their values']);
  expect(mistakesIn('- a\n')).toEqual(['my.yaml:1:1: the scenario is ["a"]; write fields with their values']);
  expect(mistakesIn('#'.repeat(1_000_001))).toEqual([
    'my.yaml: has 1000001 characters; a scenario has at most 1000000',
  ]);
});

test('aliases that multiply are refused', () => {
  const bomb = `a: &a [${'x,'.repeat(20)}]\nb: &b [${'*a,'.repeat(20)}]\nc: &c [${'*b,'.repeat(20)}]\nd: [${'*c,'.repeat(20)}]\n`;
  expect(mistakesIn(bomb)).toEqual([
    'my.yaml: Excessive alias count indicates a resource exhaustion attack; write it without aliases',
  ]);
});

test('of many mistakes the first twenty are said', () => {
  const text = `${smallest}${Array.from({ length: 25 }, (_, index) => `extra${index}: 1\n`).join('')}`;
  const mistakes = mistakesIn(text);
  expect([mistakes.length, mistakes.at(-1)]).toEqual([21, 'and 5 more']);
});

test('the schema for editors is the one that the command checks with', () => {
  const path = fileURLToPath(new URL('../../../schemas/scenario.schema.json', import.meta.url));
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(scenarioJsonSchema())));
});

test.each(shippedNames())(
  '%s of the library can be planned for any seed, and is called as its file',
  (name) => {
    const scenario = shippedScenario(name);
    expect(scenario.name).toBe(name);
    for (const seed of [1, 2, 3]) {
      const plan = planScenario(scenario, seed, seededRandom);
      const { count, items = [] } = scenario.purchases;
      expect(plan.purchases).toHaveLength(count + items.length);
    }
  },
);

test.each([
  [
    'type: nats_gone, schedule: { afterMs: 0 }, attributes: {}',
    'my.yaml:9:36: faults.parts[0].type is "nats_gone"; write one of nats_wiped, nats_down, broker_restart, gateway_crash, gateway_stop, crash_at_call, crash_at_step',
  ],
  [
    'type: nats_wiped, schedule: { afterMs: 0, everyMs: 5 }, attributes: {}',
    'my.yaml:9:58: faults.parts[0].schedule.times is missing; everyMs and times go together: write both, or neither',
  ],
  [
    'type: nats_wiped, schedule: { afterMs: 9999999 }, attributes: {}',
    'my.yaml:9:69: faults.parts[0].schedule.afterMs begins at 9999999 ms, and by 46300 ms every activation of this scenario has ended; write a smaller number',
  ],
  [
    'type: nats_down, schedule: { afterMs: 0, everyMs: 5, times: 2 }, attributes: { forMs: 5 }',
    'my.yaml:9:116: faults.parts[0].attributes.forMs is 5, and the next begins after 5 ms; make forMs smaller than everyMs',
  ],
])('a part fails in a way that can be: %s', (fault, sentence) => {
  expect(mistakesIn(`${smallest}faults: { parts: [{ name: x, ${fault} }] }\n`)).toEqual([sentence]);
});

test.each([
  [
    'purchases:\n  count: 2\n  overMs: 1000000000000000',
    'purchases.overMs',
    1_000_000_000_000_000,
    1_209_600_000,
  ],
])('%j is refused: such a run would never end', (text, field, value, most) => {
  const [sentence] = mistakesIn(smallest.replace(/purchases:[\s\S]*/, text));
  expect(sentence).toBe(`my.yaml:8:11: ${field} is ${value}; write at most ${most}`);
});
