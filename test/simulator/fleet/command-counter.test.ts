import { expect, test } from 'vitest';
import { CommandCounter, isSelected } from '../../../simulator/fleet/command-counter.ts';

const topic = 'vehicles/WFWAUR1E3TA000003/cmd/configure';
const resultTopic = 'vehicles/WFWAUR1E3TA000003/evt/result';
const command = (id: string, feature: string, target: 'active' | 'dormant') =>
  JSON.stringify({ id, features: [{ feature, target, version: 1 }] });

test('counts commands for each feature and kind, and one that comes again once', () => {
  const counter = new CommandCounter();
  const places = [
    command('cmd_1', 'heated_seats', 'active'),
    command('cmd_2', 'sport_mode', 'active'),
    command('cmd_1', 'heated_seats', 'active'),
    command('cmd_3', 'heated_seats', 'active'),
    command('cmd_4', 'heated_seats', 'dormant'),
  ].map((payload) => counter.commandOf(topic, payload));
  expect(places.map((place) => place && `${place.feature} ${place.kind} ${place.nth}`)).toEqual([
    'heated_seats activation 1',
    'sport_mode activation 1',
    'heated_seats activation 1',
    'heated_seats activation 2',
    'heated_seats deactivation 1',
  ]);
  expect(counter.commandOf(resultTopic, JSON.stringify({ commandId: 'cmd_3' }))?.nth).toBe(2);
});

test('knows no command in a status, in what is no JSON, and in an answer to another', () => {
  const counter = new CommandCounter();
  const status = 'vehicles/WFWAUR1E3TA000003/evt/status';
  expect(counter.commandOf(status, '{}')).toBeNull();
  expect(counter.commandOf(topic, '{"id":')).toBeNull();
  expect(counter.commandOf(resultTopic, JSON.stringify({ commandId: 'cmd_9' }))).toBeNull();
});

test('selects by feature, kind and place', () => {
  const selector = { feature: 'heated_seats', kind: 'activation', from: 2, to: 3 } as const;
  const selected = [1, 2, 3, 4].map((nth) =>
    isSelected(selector, { feature: 'heated_seats', kind: 'activation', nth }),
  );
  expect(selected).toEqual([false, true, true, false]);
  expect(isSelected(selector, { feature: 'heated_seats', kind: 'deactivation', nth: 2 })).toBe(false);
  expect(isSelected(selector, { feature: 'sport_mode', kind: 'activation', nth: 2 })).toBe(false);
  expect(isSelected(selector, null)).toBe(false);
});
