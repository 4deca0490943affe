import { type Mistake, pathText } from '../../shared/files/mistake.ts';
import { readYaml } from '../../shared/files/yaml-file.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { mistakesOf } from '../scenarios/mistake.ts';
import { type FeatureModel, modelName, type SignalModel, type VehicleModel } from '../vehicle/models.ts';
import { checkModel } from './model-checks.ts';
import { type FeatureFile, type ModelFile, modelSchema } from './model-schema.ts';
import { type ReadBeside, type RecordedSignals, recordedSignals } from './recorded-signals.ts';
import type { SignalFile } from './signal-schema.ts';
import { standardSignals } from './standard-signals.ts';

export type ModelReading =
  /** `placeOf(['vin'])` is where the file says it: `delta.yaml:3:6`. */
  | { readonly ok: true; readonly model: VehicleModel; readonly placeOf: (path: Mistake['path']) => string }
  /** A sentence each: `delta.yaml:12:9: features[0].ecu is "body"; write one of …`. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

const mistakesMax = 20;

/**
 * Reads a vehicle model: YAML 1.2, of which JSON is a part. Everything is checked at once. `file` is how the sentences call
 * it; `readBeside` gives the recorded files of its folder.
 */
export function readModelFile(
  text: string,
  file: string,
  readBeside: ReadBeside = () => ({
    fault: 'and no such file is in the folder of the model; correct its name',
  }),
): ModelReading {
  const yaml = readYaml(text, file);
  if (!yaml.ok) return failed(yaml.mistakes);
  const { value, placeOf: at } = yaml.file;
  const sentence = (mistake: Mistake) =>
    `${at(mistake)}: ${pathText(mistake.path) || 'the vehicle model'} ${mistake.text}`;
  const parsed = modelSchema.safeParse(value, withSimilarFields);
  if (!parsed.success) return failed(mistakesOf(parsed.error, value, 'a vehicle model').map(sentence));
  const { recordings, ...recorded } = recordedSignals(parsed.data, readBeside);
  const mistakes = [
    ...[...checkModel(parsed.data), ...recorded.mistakes].map(sentence),
    ...recorded.sentences,
  ];
  if (mistakes.length > 0) return failed(mistakes, recorded.leftOut);
  return { ok: true, model: modelOf(parsed.data, recordings), placeOf: (path) => at({ path }) };
}

function modelOf(file: ModelFile, recordings: RecordedSignals['recordings']): VehicleModel {
  const [vinPrefix = '', rest = ''] = file.vin.split('*');
  return {
    id: file.id,
    name: file.name ?? modelName(file.id),
    firmware: file.firmware,
    ecus: file.ecus.map(({ id, name, firmware }) => ({
      id,
      firmware,
      ...(name === undefined ? {} : { name }),
    })),
    features: file.features
      .filter(({ kind, hardware }) => kind === 'optional' && hardware)
      .map(({ id }) => id),
    known: file.features.map((feature) => featureModelOf(feature, file.applyMs)),
    vinPrefix,
    vinPlant: rest.slice(0, 2),
    batteryKwh: file.battery.capacityKwh,
    kwhPerKm: file.battery.kwhPerKm,
    trips: file.trips,
    signals: file.signals?.map((signal) => signalModelOf(signal, recordings)) ?? standardSignals,
  };
}

function signalModelOf(signal: SignalFile, recordings: RecordedSignals['recordings']): SignalModel {
  const recording = recordings.get(signal.path);
  const generator = recording === undefined ? signal.generator : { from: 'recorded', ...recording };
  return { ...signal, generator } as SignalModel;
}

function featureModelOf(feature: FeatureFile, applyMs: number): FeatureModel {
  const { id, kind, hardware, ecu, parameters, preconditions, requires, whenNotReady } = feature;
  return {
    ...{ id, kind, requires, whenNotReady },
    hasHardware: hardware,
    ecu: ecu ?? null,
    parameters: Object.entries(parameters).map(([name, parameter]) => ({
      name,
      ...(parameter as Omit<FeatureModel['parameters'][number], 'name'>),
    })),
    preconditions: preconditions as FeatureModel['preconditions'],
    applyMs: feature.applyMs ?? applyMs,
    loadKw: feature.loadKw,
  };
}

function failed(mistakes: readonly string[], leftOut = 0): Extract<ModelReading, { ok: false }> {
  const more = mistakes.length + leftOut - mistakesMax;
  return {
    ok: false,
    mistakes: [...mistakes.slice(0, mistakesMax), ...(more > 0 ? [`and ${more} more`] : [])],
  };
}
