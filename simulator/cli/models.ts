import type { Command } from 'commander';
import { modelJsonSchema } from '../models/model-schema.ts';
import type { FeatureModel, SignalModel, VehicleModel } from '../vehicle/models.ts';
import { exitCodes } from './exit.ts';
import { checkCatalogue, type ModelsFlags, modelsOf, withModelsOption } from './models-option.ts';
import { refuseUnused } from './unused-flags.ts';

interface Flags extends ModelsFlags {
  readonly catalogue?: string;
  readonly json?: true;
  readonly schema?: true;
}

/** Adds `fleetwake models`: lists vehicle models, and says what is wrong with them. */
export function addModels(program: Command): void {
  const command = program
    .command('models')
    .description('check vehicle models and list what they have')
    .option('--catalogue <folder>', 'also check that every service of this catalogue fits a model')
    .option('--json', 'print the models as JSON')
    .option('--schema', 'print the JSON Schema of model files, for an editor');
  withModelsOption(command).action((flags: Flags, self: Command) => {
    if (flags.schema) refuseUnused(self, ['json', 'models', 'catalogue'], 'the JSON Schema');
    process.stdout.write(flags.schema ? `${JSON.stringify(modelJsonSchema(), null, 2)}\n` : listOf(flags));
    process.exitCode = exitCodes.ok;
  });
}

function listOf(flags: Flags): string {
  const models = modelsOf(flags.models);
  if (flags.catalogue !== undefined) checkCatalogue(flags.catalogue, models);
  return flags.json
    ? `${JSON.stringify(models.map(asJson), null, 2)}\n`
    : `${models.map(textOf).join('\n\n')}\n`;
}

function asJson({ known, vinPrefix, vinPlant, features: _, ...model }: VehicleModel) {
  const signals = model.signals.map(({ generator, ...signal }) => ({
    ...signal,
    generator: withoutValues(generator),
  }));
  return { ...model, vin: `${vinPrefix}*${vinPlant}######`, features: known, signals };
}

/** A recorded file may have megabytes of them. */
function withoutValues(generator: SignalModel['generator']): object {
  if (generator.from !== 'recorded') return generator;
  const { atMs: _, values, ...recording } = generator;
  return { ...recording, values: values.length };
}

/** A model in a few lines: its features, each with what it takes and needs. */
function textOf(model: VehicleModel): string {
  const { id, name, vinPrefix, vinPlant, firmware, ecus, known } = model;
  const units = ecus.map((ecu) => `${ecu.id} ${ecu.firmware}`).join(', ');
  return [
    `${id}  ${name}  VIN ${vinPrefix}*${vinPlant}######  firmware ${firmware}`,
    ...(units === '' ? [] : [`  control units: ${units}`]),
    ...known.map((feature) => `  ${featureText(feature)}`),
    ...model.signals.flatMap(({ path, generator }) => {
      if (generator.from !== 'recorded') return [];
      const { file, lengthMs, atEnd } = generator;
      return [
        `  recorded: ${file}, ${lengthMs / 1_000} s, ${atEnd === 'repeat' ? 'repeated' : 'then held'}: ${path}`,
      ];
    }),
  ].join('\n');
}

function featureText(feature: FeatureModel): string {
  const { id, kind, hasHardware, parameters, requires, preconditions, whenNotReady } = feature;
  const needs = [
    ...requires,
    ...(preconditions.parked ? ['parked'] : []),
    ...(preconditions.ignition ? [`ignition ${preconditions.ignition}`] : []),
    ...(preconditions.chargeAtLeast === undefined
      ? []
      : [`charge at least ${preconditions.chargeAtLeast} %`]),
  ];
  const notes = [
    ...(kind === 'always_on' ? ['always on'] : []),
    ...(hasHardware ? [] : ['no hardware']),
    ...parameters.map(({ name, min, max, oneOf }) => {
      if (oneOf) return `${name} ${oneOf.join(' | ')}`;
      return min === undefined && max === undefined ? name : `${name} ${min ?? ''}..${max ?? ''}`;
    }),
    ...(needs.length === 0 ? [] : [`needs ${needs.join(', ')}`]),
    ...(whenNotReady === 'retry' ? [] : ['else waits for the next ignition cycle']),
  ];
  return notes.length === 0 ? id : `${id}: ${notes.join('; ')}`;
}
