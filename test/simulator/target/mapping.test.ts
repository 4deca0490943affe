import { expect, test } from 'vitest';
import { fillTemplate, matched, readMapping } from '../../../simulator/target/mapping.ts';

const good = `purchase:
  body: { order: '{id}', car: '{vin}' }
  activation: /id
payment: { metadata: order }
command: { field: key, pattern: '^(.+):\\d+$' }
`;

test('reads how a payment and a command name their activation', () => {
  expect(readMapping('m.yaml', good)).toEqual({
    ok: true,
    mapping: {
      purchase: { headers: {}, body: { order: '{id}', car: '{vin}' }, activation: '/id' },
      payment: { metadata: 'order' },
      command: { field: 'key', pattern: '^(.+):\\d+$' },
    },
  });
});

test.each([
  ['payment: { metadata: order }', 'payment: {}', 'm.yaml:4:10: payment.metadata is missing; write a text'],
  ['field: key', 'field: header', 'm.yaml:5:19: command.field is "header"; write one of reference, key'],
  [
    'activation: /id',
    'activation: id',
    'm.yaml:3:15: purchase.activation is "id"; write a JSON Pointer such as /id',
  ],
  [
    '{vin}',
    '{car}',
    'm.yaml:2:31: purchase.body.car names {car}; write one of {id}, {vin}, {model}, {customer}, {email}, {service}, {feature}, {card}',
  ],
])('names file, line and fix of a mistake: %s', (before, after, sentence) => {
  expect(readMapping('m.yaml', good.replace(before, after))).toEqual({ ok: false, mistakes: [sentence] });
});

test('fills names into every text of a template, and leaves the rest', () => {
  const values = {
    ...{
      id: 'p-001',
      vin: 'VIN1',
      model: 'm',
      customer: 'c',
      email: 'e',
      service: 's',
      feature: 'f',
      card: 'k',
    },
  };
  expect(fillTemplate({ a: ['{id}/{vin}', 1, null], b: { c: 'x' } }, values)).toEqual({
    a: ['p-001/VIN1', 1, null],
    b: { c: 'x' },
  });
});

test('finds the first group of a pattern, all of it without a group, and nothing where it does not fit', () => {
  expect([
    matched('act-1:2', '^(.+):\\d+$'),
    matched('act-1', 'act-\\d'),
    matched('x', 'y'),
    matched('', 'y'),
  ]).toEqual(['act-1', 'act-1', null, null]);
});
