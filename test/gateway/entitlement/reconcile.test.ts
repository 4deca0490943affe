import { expect, test } from 'vitest';
import { differences, type KnownFeatures, type Reported } from '../../../gateway/entitlement/reconcile.ts';

const seats = (state: Reported['state']): Reported => ({ feature: 'heated_seats', state, version: 3 });
const one: ReadonlySet<string> = new Set(['heated_seats']);
const none: ReadonlySet<string> = new Set();
const known: KnownFeatures = { sold: one, owned: none, changing: none, ticketed: none, contradicted: none };

function told(state: Reported['state'], changes: Partial<KnownFeatures> = {}): string[] {
  return differences([seats(state)], { ...known, ...changes }).map(({ type }) => type);
}

test('revokes active features without an owner, reactivates dormant owned ones, and leaves the others', () => {
  expect(told('active')).toEqual(['revoke']);
  expect(told('dormant', { owned: one })).toEqual(['reactivate']);
  expect(told('active', { owned: one })).toEqual([]);
  expect(told('dormant')).toEqual([]);
});

test('what is being changed, or is not sold here, is left alone', () => {
  expect(told('active', { changing: one })).toEqual([]);
  expect(told('dormant', { owned: one, changing: one })).toEqual([]);
  expect(told('active', { sold: none })).toEqual([]);
});

test("a technician's case is not brought back, and is switched off all the same", () => {
  expect(told('dormant', { owned: one, ticketed: one })).toEqual([]);
  expect(told('active', { ticketed: one })).toEqual(['revoke']);
});

test('of a vehicle that contradicted itself, nothing is switched either way while a technician has it', () => {
  expect(told('dormant', { owned: one, ticketed: one, contradicted: one })).toEqual([]);
  expect(told('active', { ticketed: one, contradicted: one })).toEqual([]);
});

test('each feature is judged by itself, and shown as the vehicle reported it', () => {
  const light: Reported = { feature: 'ambient_light', state: 'active', version: 7 };
  const both = new Set(['heated_seats', 'ambient_light']);
  expect(differences([seats('dormant'), light], { ...known, sold: both, owned: one })).toEqual([
    { type: 'reactivate', reported: seats('dormant') },
    { type: 'revoke', reported: light },
  ]);
});
