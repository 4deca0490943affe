import { expect, it } from 'vitest';
import { z } from 'zod';
import { mistakesOf } from '../../../shared/files/mistake.ts';
import { fixHint } from '../../../shared/protocol/fix-hint.ts';
import { withSimilarFields } from '../../../shared/protocol/similar-field.ts';

const schema = z.strictObject({
  description: z.string().optional(),
  faults: z.array(z.strictObject({ latencyMs: z.int().optional(), jitterMs: z.int().optional() })).optional(),
});

function textsOf(document: object): string[] {
  const { error } = schema.safeParse(document, withSimilarFields);
  return error === undefined ? [] : mistakesOf(error, document, 'a file').map(({ text }) => text);
}

it('names the known field that an unknown one resembles, at every depth', () => {
  expect(textsOf({ descripton: 'x', faults: [{ latncyMs: 1, JitterMs: 2 }] })).toEqual([
    'is no field of a file; did you mean latencyMs?',
    'is no field of a file; did you mean jitterMs?',
    'is no field of a file; did you mean description?',
  ]);
});

it('names none for a field that resembles none', () => {
  expect(textsOf({ colour: 'red' })).toEqual(['is no field of a file; remove it or correct its name']);
  expect(textsOf({ toString: 'red' })).toEqual(['is no field of a file; remove it or correct its name']);
});

it('is the fix where a sentence names a field', () => {
  const { error } = schema.safeParse({ descripton: 'x' }, withSimilarFields);
  expect(error?.issues.map(fixHint)).toEqual(['write description instead of descripton']);
});
