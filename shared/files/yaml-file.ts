import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import { type Mistake, pathText } from './mistake.ts';

/** A YAML 1.2 document of a user, with the place of everything in it. */
export interface YamlFile {
  readonly value: unknown;
  /** `storm.yaml:12:5`: where a path of the value stands, or its key. */
  placeOf(mistake: Pick<Mistake, 'path' | 'isKey'>): string;
}

export type YamlReading =
  | { readonly ok: true; readonly file: YamlFile }
  /** A sentence each, with file, line and column. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/**
 * Reads YAML 1.2, of which JSON is a part: the one way for every YAML file that people write. What YAML would turn into
 * something else than what is written (a VIN of digits, `010`, merge keys of YAML 1.1) is refused, with the text as written.
 */
export function readYaml(text: string, file: string): YamlReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    return {
      ok: false,
      mistakes: syntax.map(({ pos, message }) => `${at(pos[0])}: ${message}; correct the YAML there`),
    };
  }
  const changed = changedScalars(document).map(({ offset, text: what }) => `${at(offset)}: ${what}`);
  if (changed.length > 0) return { ok: false, mistakes: changed };
  const value = plainValue(document);
  if ('fault' in value) return { ok: false, mistakes: [`${file}: ${value.fault}`] };
  return { ok: true, file: { ...value, placeOf: (mistake) => at(offsetOf(document, mistake)) } };
}

interface ChangedScalar {
  readonly offset: number;
  readonly text: string;
}

/** The plain scalars whose value is not what is written. */
function changedScalars(document: Document): ChangedScalar[] {
  const found: ChangedScalar[] = [];
  visit(document, {
    Scalar(key, node, ancestors) {
      const text = whyChanged(node, key === 'key');
      if (text === null) return;
      const path = pathText(pathOf(ancestors, key));
      found.push({ offset: node.range?.[0] ?? 0, text: path === '' ? text : `${path} ${text}` });
    },
  });
  return found;
}

function whyChanged({ value, source, type }: Scalar, isKey: boolean): string | null {
  if (type !== 'PLAIN' || source === undefined) return null;
  if (isKey && source === '<<') return 'is <<, a merge key of YAML 1.1; write the fields out';
  if (typeof value !== 'number') return null;
  const isOctalLike = /^[-+]?0[0-9]/.test(source);
  if (isOctalLike)
    return `is ${source}, which YAML reads as the number ${value}; write it in quotes, or without the zero`;
  const isRounded = !Number.isFinite(value) || (/^[-+]?[0-9]+$/.test(source) && !Number.isSafeInteger(value));
  return isRounded ? `is ${source}, which YAML reads as the number ${value}; write it in quotes` : null;
}

/** The path of a scalar from its ancestors; a key's path ends with the map that holds it. */
function pathOf(ancestors: readonly unknown[], key: unknown): PropertyKey[] {
  const path: PropertyKey[] = [];
  for (const [index, ancestor] of ancestors.entries()) {
    const child = ancestors[index + 1];
    if (isPairLike(ancestor)) {
      if (isScalar(ancestor.key)) path.push(String(ancestor.key.value));
    } else if (hasItems(ancestor) && !isMap(ancestor)) {
      path.push(child === undefined ? Number(key) : ancestor.items.indexOf(child));
    }
  }
  return path;
}

const isPairLike = (node: unknown): node is Pair =>
  typeof node === 'object' && node !== null && 'key' in node && 'value' in node && !('source' in node);

const hasItems = (node: unknown): node is { items: unknown[] } =>
  typeof node === 'object' && node !== null && Array.isArray((node as { items?: unknown }).items);

/** Aliases are resolved, up to the 100 that the parser allows: more is a trap and not a file of a user. */
function plainValue(document: Document): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: document.toJS() };
  } catch (error) {
    return { fault: `${error instanceof Error ? error.message : String(error)}; write it without aliases` };
  }
}

/** Where a mistake is: its key, or its value; for what is missing, the innermost thing that is there. */
function offsetOf(document: Document, { path, isKey }: Pick<Mistake, 'path' | 'isKey'>): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, key] of path.entries()) {
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && item.key.value === key)
      : undefined;
    if (isKey && index === path.length - 1) return startOf(pair?.key) ?? offset;
    node = pair ? pair.value : childOf(node, key);
    offset = startOf(node) ?? startOf(pair?.key) ?? offset;
    if (node === undefined || node === null) break;
  }
  return offset;
}

function childOf(node: unknown, key: PropertyKey): unknown {
  const items = (node as { items?: readonly unknown[] } | null)?.items;
  return typeof key === 'number' ? items?.[key] : undefined;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
