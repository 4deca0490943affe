import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect } from 'vitest';

/** The schema that the authors of the format publish, in their package. */
const schemaFile = new URL('../../node_modules/ctrf/dist/ctrf-schema-0.0.json', import.meta.url);

/** Fails with each place of a document that the published JSON Schema of CTRF refuses. */
export function expectCtrf(document: unknown): void {
  const ajv = new Ajv({ allErrors: true });
  formats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);
  validate(document);
  expect(validate.errors).toBeNull();
}
