import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { Service } from '../../gateway/catalogue/service.ts';
import { type Mistake, mistakesOf, pathText } from './mistake.ts';
import { readOutages } from './recorded-outages.ts';
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
 * call it; `services` is the catalogue that the scenario buys from; `readBeside` gives the text of a file in the same
 * folder, or null when there is none.
 */
export function readScenarioFile(
  text: string,
  file: string,
  services: readonly Service[],
  readBeside: (name: string) => string | null = () => null,
): ScenarioReading {
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
  const recorded = withRecordedOutages(parsed.data, readBeside, sentence);
  return recorded.ok ? { ...recorded, placeOf } : failed(recorded.mistakes);
}

/** The scenario with the outages of its file in it: from here on it is plain data. */
function withRecordedOutages(
  scenario: Scenario,
  readBeside: (name: string) => string | null,
  sentence: (mistake: Mistake) => string,
): { readonly ok: true; readonly scenario: Scenario } | Extract<ScenarioReading, { ok: false }> {
  const { outagesFile, ...vehicles } = scenario.vehicles;
  if (outagesFile === undefined) return { ok: true, scenario };
  const path = ['vehicles', 'outagesFile'];
  if (vehicles.outages !== undefined) {
    return failed([sentence({ path, text: 'stands beside vehicles.outages; leave out one of the two' })]);
  }
  const text = readBeside(outagesFile);
  if (text === null) {
    return failed([
      sentence({
        path,
        text: `is "${outagesFile}", and no such file is beside the scenario; correct its name`,
      }),
    ]);
  }
  const reading = readOutages(text, outagesFile, vehicles.count);
  if (!reading.ok) return failed(reading.mistakes);
  return { ok: true, scenario: { ...scenario, vehicles: { ...vehicles, outages: [...reading.outages] } } };
}

function failed(mistakes: readonly string[]): Extract<ScenarioReading, { ok: false }> {
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
