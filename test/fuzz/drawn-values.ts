import type { Random } from '../../shared/ports/random.ts';

/** Draws that repeat for a seed. */
export interface Draw {
  readonly chance: (share: number) => boolean;
  readonly below: (count: number) => number;
  readonly pick: <Item>(items: readonly Item[]) => Item;
}

export function drawFrom(random: Random): Draw {
  const below = (count: number) => Math.floor(random.fraction() * count);
  return {
    chance: (share) => random.fraction() < share,
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined && items.length === 0) throw new Error('nothing to pick from');
      return item as (typeof items)[number];
    },
  };
}

const hostileTexts = [
  '',
  ' ',
  'x'.repeat(300),
  'x'.repeat(3_000),
  'x'.repeat(70_000),
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udc00b',
  '\u202e\u200b',
  '\u001b[2J\u001b]0;x\u0007',
  '__proto__',
  'constructor',
  'toString',
  '.',
  '..',
  '../../etc/passwd',
  '%2e%2e',
  '%',
  "'; drop table customers; --",
  '{{customerName}}',
  '<script>alert(1)</script>',
  'null',
  'NaN',
  '9007199254740993',
  '\u{1f468}\u200d\u{1f469}',
  'a/b?c#d',
  'auth0|507f',
];
const hostileNumbers = [
  0,
  -1,
  1.5,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 32,
  1_800_000_000,
  8_640_000_000_000_001,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  5e-324,
];

export const hostileText = (draw: Draw) => draw.pick(hostileTexts);

/** Any JSON value, most of them wrong wherever they are put. */
export function hostileValue(draw: Draw, depth = 0): unknown {
  const kind = draw.below(depth > 2 ? 4 : 7);
  if (kind === 0) return hostileText(draw);
  if (kind === 1) return draw.pick(hostileNumbers);
  if (kind === 2) return draw.pick([null, true, false]);
  if (kind === 3) return draw.pick([[], {}]);
  if (kind === 4) return Array.from({ length: draw.pick([1, 2, 70]) }, () => hostileValue(draw, depth + 1));
  if (kind === 5) return { [hostileText(draw)]: hostileValue(draw, depth + 1) };
  let nested: unknown = null;
  for (let level = 0; level < 200; level += 1) nested = [nested];
  return nested;
}

type Schema = Readonly<Record<string, unknown>>;

/** Values by the name of their field, which make a request that goes beyond the schema's check. */
export type KnownValues = Readonly<Record<string, readonly unknown[]>>;

/** A value that mostly follows a JSON Schema. */
export function schemaValue(
  draw: Draw,
  root: object,
  schema: Schema,
  known: KnownValues,
  name = '',
): unknown {
  const of = (one: unknown, field = name) => schemaValue(draw, root, one as Schema, known, field);
  if (typeof schema.$ref === 'string') return of(resolved(root, schema.$ref));
  const pool = Object.hasOwn(known, name) ? known[name] : undefined;
  if (pool !== undefined && draw.chance(0.8)) return draw.pick(pool);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return draw.pick(schema.enum as unknown[]);
  const choices = (schema.anyOf ?? schema.oneOf) as unknown[] | undefined;
  if (choices !== undefined) return of(draw.pick(choices));
  const types = [schema.type].flat().filter((type) => type !== undefined);
  switch (types.length === 0 ? undefined : draw.pick(types)) {
    case 'object':
      return objectOf(draw, schema, of);
    case 'array':
      return Array.from({ length: Math.max(Number(schema.minItems ?? 0), draw.below(4)) }, () =>
        of(schema.items),
      );
    case 'integer':
    case 'number': {
      const least = Number(schema.minimum ?? 0);
      return draw.chance(0.2) ? (schema.maximum ?? 1e12) : least + draw.below(100);
    }
    case 'boolean':
      return draw.chance(0.5);
    case 'null':
      return null;
    case 'string':
      return draw.pick(['abc', 'a-b', 'A1', 'Ana Torres', 'https://example.com/hook', 'ana@example.com']);
    default:
      return hostileValue(draw);
  }
}

function objectOf(draw: Draw, schema: Schema, of: (one: unknown, field?: string) => unknown): object {
  const required = new Set((schema.required ?? []) as string[]);
  const fields = Object.entries((schema.properties ?? {}) as Record<string, unknown>)
    .filter(([field]) => required.has(field) || draw.chance(0.5))
    .map(([field, one]) => [field, of(one, field)]);
  const more =
    typeof schema.additionalProperties === 'object' ? [['levels', of(schema.additionalProperties)]] : [];
  return Object.fromEntries([...fields, ...more]);
}

function resolved(root: object, reference: string): unknown {
  let value: unknown = root;
  for (const key of reference.replace(/^#\//, '').split('/'))
    value = (value as Record<string, unknown>)[
      decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')
    ];
  return value;
}

/** The same value with one thing in it changed: replaced, taken out, added or doubled. */
export function mutated(draw: Draw, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || draw.chance(0.15)) return hostileValue(draw);
  if (Array.isArray(value)) {
    if (value.length === 0 || draw.chance(0.3)) return [...value, ...value, hostileValue(draw)];
    const index = draw.below(value.length);
    return value.map((item, place) => (place === index ? mutated(draw, item) : item));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || draw.chance(0.15)) return { ...value, [hostileText(draw)]: hostileValue(draw) };
  const [field, old] = draw.pick(entries);
  const rest = Object.fromEntries(entries.filter(([name]) => name !== field));
  return draw.chance(0.25) ? rest : { ...rest, [field]: mutated(draw, old) };
}
