import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { Service } from '../../gateway/catalogue/service.ts';
import { type Mistake, mistakesOf, pathText } from './mistake.ts';
import { type Scenario, scenarioSchema } from './scenario.ts';
import { checkScenario } from './scenario-checks.ts';

export type ScenarioReading =
  /** `placeOf(['expectations', 0])` is where the file says it: `storm.yaml:12:5`. */
  | { readonly ok: true; readonly scenario: Scenario; readonly placeOf: (path: Mistake['path']) => string }
  /** A sentence each: `storm.yaml:12:9: faults.vehicles[0].type is "ofline"; write one of …`. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** A scenario of 100 vehicles has about 4 kB; a file beyond this is something else. */
export const fileMaxCharacters = 1_000_000;
const mistakesMax = 20;

/**
 * Reads a scenario file: YAML 1.2, of which JSON is a part. Everything is checked at once. `file` is how the sentences
 * call it; `services` is the catalogue that the scenario buys from.
 */
export function readScenarioFile(text: string, file: string, services: readonly Service[]): ScenarioReading {
  if (text.length > fileMaxCharacters) {
    return failed([`${file}: has ${text.length} characters; a scenario has at most ${fileMaxCharacters}`]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    return failed(syntax.map(({ pos, message }) => `${at(pos[0])}: ${message}; correct the YAML there`));
  }
  const value = plainValue(document);
  if ('fault' in value) return failed([`${file}: ${value.fault}`]);
  const sentence = (mistake: Mistake) =>
    `${at(offsetOf(document, mistake))}: ${pathText(mistake.path) || 'the scenario'} ${mistake.text}`;
  const parsed = scenarioSchema.safeParse(value.value);
  if (!parsed.success) return failed(mistakesOf(parsed.error, value.value).map(sentence));
  const mistakes = checkScenario(parsed.data, services);
  if (mistakes.length > 0) return failed(mistakes.map(sentence));
  const placeOf = (path: Mistake['path']) => at(offsetOf(document, { path, text: '' }));
  return { ok: true, scenario: parsed.data, placeOf };
}

function failed(mistakes: readonly string[]): ScenarioReading {
  const more = mistakes.length - mistakesMax;
  return {
    ok: false,
    mistakes: [...mistakes.slice(0, mistakesMax), ...(more > 0 ? [`and ${more} more`] : [])],
  };
}

/** Aliases are resolved, up to the 100 that the parser allows: more is a trap and not a scenario. */
function plainValue(document: Document): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: document.toJS() };
  } catch (error) {
    return { fault: `${error instanceof Error ? error.message : String(error)}; write it without aliases` };
  }
}

/** Where a mistake is: its key, or its value; for what is missing, the innermost thing that is there. */
function offsetOf(document: Document, { path, isKey }: Mistake): number {
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
