import type { Service } from '../../gateway/catalogue/service.ts';
import { type Mistake, mistakesOf, pathText } from './mistake.ts';
import { readOutages } from './recorded-outages.ts';
import { type Scenario, scenarioSchema } from './scenario.ts';
import { checkScenario } from './scenario-checks.ts';
import { readYaml } from './yaml-file.ts';

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
  const yaml = readYaml(text, file);
  if (!yaml.ok) return failed(yaml.mistakes);
  const { value, placeOf: at } = yaml.file;
  const sentence = (mistake: Mistake) =>
    `${at(mistake)}: ${pathText(mistake.path) || 'the scenario'} ${mistake.text}`;
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success) return failed(mistakesOf(parsed.error, value).map(sentence));
  const mistakes = checkScenario(parsed.data, services);
  if (mistakes.length > 0) return failed(mistakes.map(sentence));
  const placeOf = (path: Mistake['path']) => at({ path });
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
