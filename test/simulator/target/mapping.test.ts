import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { fillTemplate, mappingJsonSchema, matched, readMapping } from '../../../simulator/target/mapping.ts';

const good = `purchase:
  body: { order: '{id}', car: '{vin}' }
  activation: /id
payment: { metadata: order }
command: { field: key, pattern: '^(.+):\\d+$' }
`;

test('reads how a payment and a command name their activation', () => {
  const reading = readMapping('m.yaml', good);
  expect(reading.ok && reading.placeOf(['payment', 'metadata'])).toBe('m.yaml:4:22');
  expect(reading).toEqual({
    ...{ ok: true, placeOf: expect.any(Function) },
    mapping: {
      purchase: { headers: {}, body: { order: '{id}', car: '{vin}' }, activation: '/id' },
      payment: { metadata: 'order' },
      command: { field: 'key', pattern: '^(.+):\\d+$' },
    },
  });
});

test.each([
  ['payment: { metadata: order }', 'payment: {}', 'm.yaml:4:10: payment.metadata is missing; write a text'],
  [
    'metadata: order',
    'metadata: order, key: act',
    'm.yaml:4:29: payment.key is no field of a mapping; remove it or correct its name',
  ],
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

test('the shipped JSON Schema is the one of this code, and takes what the reader takes', () => {
  const schema = JSON.parse(readFileSync('schemas/engine-mapping.schema.json', 'utf8'));
  expect(schema).toEqual(JSON.parse(JSON.stringify(mappingJsonSchema())));
  const validate = new Ajv({ strict: false }).compile(schema);
  for (const text of [good, readFileSync('docs/examples/own-engine.mapping.yaml', 'utf8')]) {
    validate(parse(text));
    expect(validate.errors).toBeNull();
  }
  for (const wrong of [
    good.replace('metadata: order', 'metadata: order, key: act'),
    good.replace('activation: /id', 'activation: id'),
    good.replace('field: key', 'field: header'),
  ])
    expect(validate(parse(wrong))).toBe(false);
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
