import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fileErrorText } from '../../../shared/protocol/file-error-text.ts';
import { fixHint } from '../../../shared/protocol/fix-hint.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

test.each([
  [z.string(), 17, 'write a text'],
  [z.int(), 1.5, 'write a whole number'],
  [z.number(), 'soon', 'write a number'],
  [z.boolean(), 'yes', 'write true or false'],
  [z.array(z.string()), {}, 'write a list'],
  [z.object({}), 'x', 'write fields with their values'],
  [z.record(z.string(), z.number()), 'x', 'write fields with their values'],
  [z.enum(['open', 'closed']), 'ajar', 'write one of open, closed'],
  [z.literal(1), 2, 'write 1'],
  [z.string().min(3), 'x', 'write at least 3 characters'],
  [z.string().max(2), 'xyz', 'write at most 2 characters'],
  [z.array(z.string()).min(1), [], 'write at least 1 of them'],
  [z.number().min(0), -1, 'write at least 0'],
  [z.number().max(1), 2, 'write at most 1'],
  [z.number().gt(0), 0, 'write a number above 0'],
  [z.number().lt(1), 1, 'write a number below 1'],
  [z.email(), 'nobody', 'write an e-mail address'],
  [z.string().regex(/^a+$/), 'b', 'write a text of the form /^a+$/'],
  [z.number().multipleOf(5), 7, 'write a multiple of 5'],
  [z.strictObject({}), { extra: 1 }, 'remove "extra", or correct the name'],
  [z.union([z.string(), z.number()]), true, 'write one of the shapes in the documentation'],
  [z.string().regex(/^a+$/, 'write the letter a'), 'b', 'write the letter a'],
  [z.string().min(3, 'write three letters'), 'b', 'write three letters'],
] as const)('the fix hint has our own text: %#', (schema, value, hint) => {
  const parsed = schema.safeParse(value);
  expect(parsed.error?.issues.map(fixHint)).toEqual([hint]);
});

test('a file error has a text of ours for its code, and an error without a code keeps its own text', () =>
  withTemporaryFolder(async (folder) => {
    const troubleOf = (path: string) => readFile(path).then(() => null, fileErrorText);
    expect(await troubleOf(`${folder}/none`)).toBe('there is no such file');
    expect(await troubleOf(folder)).toBe('it is a folder');
    expect(fileErrorText(new Error('torn'))).toBe('torn');
  }));
