import type { Service } from '../../gateway/catalogue/service.ts';
import { type Mistake, pathText, valueAt } from '../../shared/files/mistake.ts';
import { readYaml } from '../../shared/files/yaml-file.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { shippedModels } from '../models/models-folder.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { mistakesOf } from './mistake.ts';
import { readOutages } from './recorded-outages.ts';
import { type Scenario, scenarioSchema } from './scenario.ts';
import { checkScenario } from './scenario-checks.ts';
import type { StatedPurchase } from './stated-purchase.ts';

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
 * folder, or null when there is none; `models` are those that its vehicles may be of.
 */
export function readScenarioFile(
  text: string,
  file: string,
  services: readonly Service[],
  readBeside: (name: string) => string | null = () => null,
  models: readonly VehicleModel[] = shippedModels(),
): ScenarioReading {
  if (text.length > fileMaxCharacters) {
    return failed([`${file}: has ${text.length} characters; a scenario has at most ${fileMaxCharacters}`]);
  }
  const yaml = readYaml(text, file);
  if (!yaml.ok) return failed(yaml.mistakes);
  const { value, placeOf: at } = yaml.file;
  const sentence = (mistake: Mistake) =>
    `${at(mistake)}: ${pathText(mistake.path) || 'the scenario'} ${mistake.text}`;
  const parsed = scenarioSchema.safeParse(withoutDrawn(value), withSimilarFields);
  if (!parsed.success) return failed(mistakesOf(parsed.error, value).map(sentence));
  // Its folders have been read: from here on the scenario is plain data.
  const { fleet: _, ...data } = parsed.data;
  const scenario = withOwnDefaults(data, value, services, models);
  const mistakes = checkScenario(scenario, services, models);
  if (mistakes.length > 0) return failed(mistakes.map(sentence));
  const placeOf = (path: Mistake['path']) => at({ path });
  const recorded = withRecordedOutages(scenario, readBeside, sentence);
  return recorded.ok ? { ...recorded, placeOf } : failed(recorded.mistakes);
}

/** A scenario that names no models is of all models, and one that names no services sells all of the catalogue: both may be a user's own. */
function withOwnDefaults(
  scenario: Scenario,
  written: unknown,
  services: readonly Service[],
  models: readonly VehicleModel[],
): Scenario {
  const { vehicles, purchases } = scenario;
  const namesModels = valueAt(written, ['vehicles', 'models']) !== undefined;
  const isShipped = models === shippedModels();
  const isSold = purchases.services.every(({ id }) => services.some((service) => service.id === id));
  const namesServices = valueAt(written, ['purchases', 'services']) !== undefined;
  return {
    ...scenario,
    vehicles:
      namesModels || isShipped
        ? vehicles
        : { ...vehicles, models: models.map(({ id }) => ({ model: id, weight: 1 })) },
    purchases: {
      ...purchases,
      ...(namesServices || isSold ? {} : { services: soldServices(services) }),
      ...(purchases.items ? { items: purchases.items.map((item) => withOffer(item, services)) } : {}),
    },
  };
}

/** A stated purchase with what the catalogue says of its service. */
function withOffer(item: StatedPurchase, services: readonly Service[]): StatedPurchase {
  const sold = services.find(({ id }) => id === item.service);
  const [offer] = sold?.offers ?? [];
  if (!sold || !offer) return item;
  return { ...item, feature: item.feature ?? sold.feature, duration: item.duration ?? offer.duration };
}

/** A scenario that only states its purchases draws none. */
function withoutDrawn(value: unknown): unknown {
  const purchases = valueAt(value, ['purchases']);
  const isStated = valueAt(value, ['purchases', 'items']) !== undefined;
  if (!isStated || valueAt(value, ['purchases', 'count']) !== undefined) return value;
  return { ...(value as object), purchases: { count: 0, overMs: 0, ...(purchases as object) } };
}

/** Every service for the first duration that it is sold for. */
function soldServices(services: readonly Service[]): Scenario['purchases']['services'] {
  return services.flatMap(({ id, feature, offers: [offer] }) =>
    offer ? [{ id, feature, duration: offer.duration, weight: 1 }] : [],
  );
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
