import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from '../cli/command-in-process.ts';
import { writeExample } from '../models/example.ts';

/** The example of docs/vehicle-models.md, whose scenario names its models and its catalogue. */
async function withExample(work: (my: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    writeExample(folder);
    await work(join(folder, 'my'));
  });
}

async function changed(file: string, from: string | RegExp, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const other = text.replace(from, to);
  expect(other).not.toBe(text);
  await writeFile(file, other);
}

it('reads the models and the catalogue that a scenario names, from the folder of its file', async () => {
  await withExample(async (my) => {
    const scenario = join(my, 'delta.yaml');
    const { stdout, error } = await inProcess(['run', scenario, '--check']);
    expect([error, stdout]).toEqual([
      null,
      `${scenario} is valid; seed 1: 3 vehicles, 3 purchases, 0 expectations\n`,
    ]);
    const plan = await inProcess(['run', scenario, '--plan', '--json']);
    const { vehicles, purchases } = JSON.parse(plan.stdout);
    expect(vehicles.map(({ model }: { model: string }) => model)).toEqual(Array(3).fill('delta-2027'));
    expect(purchases.map(({ serviceId }: { serviceId: string }) => serviceId)).toEqual([
      ...['massage-seats', 'massage-turbo', 'winter-package'],
    ]);
  });
});

it('lets each of --models and --catalogue go before what the scenario names', async () => {
  await withExample(async (my) => {
    const scenario = join(my, 'delta.yaml');
    for (const part of ['models', 'catalogue']) await rename(join(my, part), join(my, `new-${part}`));
    const models = ['--models', join(my, 'new-models')];
    const catalogue = ['--catalogue', join(my, 'new-catalogue')];
    expect((await inProcess(['run', scenario, '--check', ...models, ...catalogue])).error).toBeNull();
    await rename(join(my, 'new-models'), join(my, 'models'));
    expect((await inProcess(['run', scenario, '--check', ...catalogue])).error).toBeNull();
    await rename(join(my, 'new-catalogue'), join(my, 'catalogue'));
    expect((await inProcess(['run', scenario, '--check', '--models', join(my, 'models')])).error).toBeNull();
  });
});

it('refuses a folder that is not there, and a model that is broken, with file, line and fix', async () => {
  await withExample(async (my) => {
    const scenario = join(my, 'delta.yaml');
    await changed(join(my, 'models/delta-2027.yaml'), 'default: 2', 'default: 8');
    expect((await inProcess(['run', scenario, '--check'])).error).toBe(
      [
        'the scenario cannot be run:',
        `${scenario}:4:18: fleet.models is "models", which cannot be used; correct it, or what the next lines name`,
        `${my}/models/delta-2027.yaml:14:60: features[1].parameters.intensity.default is 8; write at most 5`,
      ].join('\n'),
    );
    await changed(scenario, 'models: models', 'models: away');
    expect((await inProcess(['run', scenario, '--check'])).error).toBe(
      [
        'the scenario cannot be run:',
        `${scenario}:4:18: fleet.models is "away", which cannot be used; correct it, or what the next lines name`,
        `${my}/away: there is no such folder; name a folder of vehicle models`,
      ].join('\n'),
    );
  });
});

it('refuses a catalogue that does not fit the models, and one that is not there', async () => {
  await withExample(async (my) => {
    const scenario = join(my, 'delta.yaml');
    await changed(join(my, 'catalogue/services.json'), '"winter_package"', '"sun_roof"');
    expect((await inProcess(['run', scenario, '--check'])).error).toBe(
      `the catalogue does not fit the vehicle models:\n${my}/catalogue/services.json:14:18: services[1].feature is "sun_roof", which no vehicle model has; write one of massage_seats, winter_package, or add the feature to a model (--models)`,
    );
    await changed(scenario, 'catalogue: catalogue', 'catalogue: away');
    expect((await inProcess(['run', scenario, '--check'])).error).toBe(
      `the scenario cannot be run:\n${scenario}:4:37: fleet.catalogue is "away", and it has no services.json; name the folder of a catalogue`,
    );
  });
});

it('refuses a field of fleet that there is not', async () => {
  await withExample(async (my) => {
    const scenario = join(my, 'delta.yaml');
    await changed(scenario, 'catalogue: catalogue', 'catalog: catalogue');
    expect((await inProcess(['run', scenario, '--check'])).error).toContain(
      `${scenario}:4:26: fleet.catalog is no field of a scenario; did you mean catalogue?`,
    );
  });
});

it('refuses to save a run that its file alone could not make again', async () => {
  await withExample(async (my) => {
    const scenario = join(my, 'delta.yaml');
    await mkdir(join(my, 'out'));
    expect((await inProcess(['run', scenario, '--save', join(my, 'out/run.json')])).error).toBe(
      '--save and a scenario with fleet.models or fleet.catalogue cannot be combined: a saved run is replayed with the shipped models and catalogue',
    );
  });
});
