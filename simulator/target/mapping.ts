import { z } from 'zod';
import { type Mistake, pathText } from '../../shared/files/mistake.ts';
import { readYaml } from '../../shared/files/yaml-file.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { mistakesOf } from '../scenarios/mistake.ts';

const pattern = z
  .string()
  .max(500)
  .refine((text) => isPattern(text), { error: 'write a regular expression' })
  .describe('A regular expression; its first group, or all of it, is what is meant.');

const pointer = z
  .string()
  .regex(/^(\/[^/]+)+$/, { error: 'write a JSON Pointer such as /id' })
  .describe('A JSON Pointer (RFC 6901) into the answer.');

/** How the traces of an engine name the activation that they belong to. */
export const mappingSchema = z.strictObject({
  purchase: z
    .strictObject({
      headers: z.record(z.string(), z.string()).default({}),
      body: z.record(z.string(), z.unknown()).describe('JSON in which {vin}, {service} … are filled in.'),
      activation: pointer.describe('Where the answer names the activation.'),
    })
    .describe('The request that the run sends for each purchase of the scenario, and what its answer says.'),
  payment: z
    .strictObject({
      metadata: z.string().min(1).max(40).describe('The metadata key of the PaymentIntent.'),
      pattern: pattern.optional(),
    })
    .describe('How a payment names its activation.'),
  command: z
    .strictObject({
      field: z.enum(['reference', 'key']).describe('The field reference, or the Idempotency-Key.'),
      pattern: pattern.optional(),
    })
    .describe('How a configure command names its activation.'),
  mail: z
    .strictObject({
      in: z.enum(['subject', 'text', 'messageId']),
      pattern,
      failed: pattern.optional().describe('Subjects that tell a customer of a failed activation.'),
    })
    .optional()
    .describe('How an e-mail names its activation; without it no e-mail is judged.'),
  push: z
    .strictObject({
      in: z.enum(['title', 'body']),
      pattern,
      failed: pattern.optional().describe('Titles that tell a customer of a failed activation.'),
    })
    .optional()
    .describe('How a push message names its activation; without it no push message is judged.'),
});
export type Mapping = z.infer<typeof mappingSchema>;

export type MappingReading =
  /** `placeOf` is file, line and column of a field. */
  | { readonly ok: true; readonly mapping: Mapping; placeOf(path: readonly PropertyKey[]): string }
  /** A sentence each: `mapping.yaml:4:3: payment.metadata is missing; write text`. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Reads a mapping file, YAML or JSON. Every mistake is reported at once, with its line. */
export function readMapping(file: string, text: string): MappingReading {
  const yaml = readYaml(text, file);
  if (!yaml.ok) return yaml;
  const { value, placeOf } = yaml.file;
  const sentence = (mistake: Mistake) =>
    `${placeOf(mistake)}: ${pathText(mistake.path) || 'the mapping'} ${mistake.text}`;
  const parsed = mappingSchema.safeParse(value, withSimilarFields);
  if (!parsed.success) {
    return { ok: false, mistakes: mistakesOf(parsed.error, value, 'a mapping').map(sentence) };
  }
  const unknown = unknownPlaceholders(parsed.data.purchase);
  return unknown.length > 0
    ? { ok: false, mistakes: unknown.map(sentence) }
    : { ok: true, mapping: parsed.data, placeOf: (path) => placeOf({ path }) };
}

/** Returns the schema of mapping files for editors; `schemas/engine-mapping.schema.json` holds it. */
export function mappingJsonSchema(): object {
  const schema = z.toJSONSchema(mappingSchema, { io: 'input', target: 'draft-7' });
  return { ...schema, title: 'Fleetwake mapping of an engine' };
}

/** What a template may name, of a purchase of the plan. */
export const placeholders = [
  'id',
  'vin',
  'model',
  'customer',
  'email',
  'service',
  'feature',
  'card',
] as const;
export type Placeholder = (typeof placeholders)[number];

const named = /\{([A-Za-z]+)\}/g;

/** Returns the value with every `{name}` of its texts filled in. */
export function fillTemplate(value: unknown, values: Readonly<Record<Placeholder, string>>): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(named, (all, name: string) => values[name as Placeholder] ?? all);
  }
  if (Array.isArray(value)) return value.map((item) => fillTemplate(item, values));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillTemplate(item, values)]));
}

function unknownPlaceholders({ headers, body }: Mapping['purchase']): Mistake[] {
  const walk = (value: unknown, path: readonly PropertyKey[]): Mistake[] => {
    if (typeof value === 'string') {
      return [...value.matchAll(named)]
        .filter(([, name]) => !placeholders.some((known) => known === name))
        .map(([all]) => ({
          path,
          text: `names ${all}; write one of ${placeholders.map((name) => `{${name}}`).join(', ')}`,
        }));
    }
    if (value === null || typeof value !== 'object') return [];
    const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
    return entries.flatMap(([key, item]) => walk(item, [...path, key]));
  };
  return [...walk(headers, ['purchase', 'headers']), ...walk(body, ['purchase', 'body'])];
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** Returns the first group of the pattern in the text, or the whole match, or null; without a pattern the text. */
export function matched(text: string | null | undefined, expression: string | undefined): string | null {
  if (text === null || text === undefined || text === '') return null;
  if (expression === undefined) return text;
  const match = new RegExp(expression).exec(text);
  return match ? (match[1] ?? match[0]) : null;
}
