import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTextFile, TextFileError } from '../../shared/files/text-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { readModelFile } from './model-file.ts';
import type { ReadBeside } from './recorded-signals.ts';

export type ModelsReading =
  | { readonly ok: true; readonly models: readonly VehicleModel[] }
  /** A sentence each, with file, line and column. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** A model of 20 features has about 6 kB; a file beyond this is something else. */
const fileMaxBytes = 1_000_000;
const filesMax = 200;
/** An hour of ten signals, each twice a second, has about 3 MB. */
const recordedMaxBytes = 16_000_000;

/** Returns the folder of the models that come with the product: beside this file, or in the sources when this is the compiled one. */
export function shippedModelsFolder(): string {
  const beside = fileURLToPath(new URL('./library/', import.meta.url));
  const source = fileURLToPath(new URL('../../../simulator/models/library/', import.meta.url));
  return existsSync(beside) ? beside : source;
}

let shipped: readonly VehicleModel[] | null = null;

/** Returns the models that come with the product; their files are read once. Throws when a shipped file is broken. */
export function shippedModels(): readonly VehicleModel[] {
  if (shipped === null) {
    const reading = readModelsFolder(shippedModelsFolder());
    if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
    shipped = reading.models;
  }
  return shipped;
}

/** Reads every `.yaml`, `.yml` and `.json` file of a folder as a vehicle model, in the order of their names. */
export function readModelsFolder(folder: string): ModelsReading {
  let names: string[];
  try {
    names = readdirSync(folder)
      .filter((name) => /\.(ya?ml|json)$/.test(name) && !name.startsWith('.'))
      .sort();
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such folder' : fileErrorText(error);
    return { ok: false, mistakes: [`${folder}: ${why}; name a folder of vehicle models`] };
  }
  if (names.length === 0) {
    return { ok: false, mistakes: [`${folder}: has no vehicle model; add one, such as aurora-2026.yaml`] };
  }
  if (names.length > filesMax) {
    return { ok: false, mistakes: [`${folder}: has ${names.length} models; leave at most ${filesMax}`] };
  }
  return together(names.map((name) => readModelAt(join(folder, name))));
}

function readModelAt(path: string): ReturnType<typeof readModelFile> {
  try {
    return readModelFile(readTextFile(path, fileMaxBytes), path, (name) => readBeside(dirname(path), name));
  } catch (error) {
    const isOfFile = error instanceof TextFileError || (error as NodeJS.ErrnoException).code !== undefined;
    if (!isOfFile) throw error;
    const text = fileErrorText(error);
    return {
      ok: false,
      mistakes: [`${path}: ${text}${text.includes(';') ? '' : '; correct it or remove it'}`],
    };
  }
}

/** Reads a recorded file of the folder or below it, wherever links lead. */
function readBeside(folder: string, name: string): ReturnType<ReadBeside> {
  const path = join(folder, name);
  try {
    if (!realpathSync(path).startsWith(realpathSync(folder) + sep)) {
      return { fault: 'which leads out of the folder of the model; put the file itself there' };
    }
    return { path, text: readTextFile(path, recordedMaxBytes) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      return { fault: 'and no such file is in the folder of the model; correct its name' };
    }
    if (!(error instanceof TextFileError) && code === undefined) throw error;
    const text = fileErrorText(error);
    return { fault: `and ${text}${text.includes(';') ? '' : '; name a file that can be read'}` };
  }
}

/** The models of all files, unless two of them have one id or build the same VINs. */
function together(readings: readonly ReturnType<typeof readModelFile>[]): ModelsReading {
  const mistakes: string[] = readings.flatMap((reading) => (reading.ok ? [] : reading.mistakes));
  const read = readings.flatMap((reading) => (reading.ok ? [reading] : []));
  for (const [index, { model, placeOf }] of read.entries()) {
    const before = read.slice(0, index);
    const sameId = before.find((one) => one.model.id === model.id);
    const sameVins = before.find(
      (one) => one.model.vinPrefix === model.vinPrefix && one.model.vinPlant === model.vinPlant,
    );
    if (sameId) {
      mistakes.push(
        `${placeOf(['id'])}: id is "${model.id}" as at ${sameId.placeOf(['id'])}; give one of them another id`,
      );
    }
    if (sameVins) {
      const vin = `${model.vinPrefix}*${model.vinPlant}######`;
      mistakes.push(
        `${placeOf(['vin'])}: vin is "${vin}" as at ${sameVins.placeOf(['vin'])}; give one of them another pattern`,
      );
    }
  }
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, models: read.map(({ model }) => model) };
}
