import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConfigReport } from '../../../simulator/cli/config.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from '../cli/command-in-process.ts';
import { writeExample } from './example.ts';

let folder = '';
const at = (path: string) => join(folder, 'my', path);
beforeEach(async () => {
  folder = await newTemporaryFolder();
  writeExample(folder);
});
afterEach(() => removeFolder(folder));

const ofExample = () => ['--data', join(folder, 'data'), '--catalogue', at('catalogue')];

async function sellSunRoof(): Promise<string> {
  const file = at('catalogue/services.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"winter_package"', '"sun_roof"'));
  return `${file}:14:18: services[1].feature is "sun_roof", which no vehicle model has; write one of massage_seats, winter_package, or add the feature to a model (--models)`;
}

describe('a gateway alone, which is given the models that it sells for', () => {
  it('refuses a service that no model can take, before it starts', async () => {
    const sentence = await sellSunRoof();
    const { error, stdout } = await inProcess(['gateway', ...ofExample(), '--models', at('models')]);
    expect([error, stdout]).toEqual([`the catalogue does not fit the vehicle models:\n${sentence}`, '']);
  });

  it('refuses a service that has a template for other models only', async () => {
    const templates = at('catalogue/templates/massage-seats');
    await rm(join(templates, 'delta-2027.v1.json'));
    const other = join(templates, 'aurora-2026.v1.json');
    await mkdir(dirname(other), { recursive: true });
    await writeFile(
      other,
      JSON.stringify({ parameters: {}, display: { receiving: 'Receiving', applied: 'On' } }),
    );
    const { error } = await inProcess(['gateway', ...ofExample(), '--models', at('models')]);
    expect(error).toBe(
      `the catalogue does not fit the vehicle models:\n${at('catalogue/services.json')}:6:18: services[0].feature is "massage_seats", and service massage-seats has no template for a model with that feature (delta-2027); add templates/massage-seats/delta-2027.v1.json`,
    );
  });
});

describe('fleetwake config check', () => {
  const check = async (...flags: readonly string[]) => {
    const { stdout, exitCode } = await inProcess(['config', 'check', ...ofExample(), '--json', ...flags]);
    const { problems } = JSON.parse(stdout) as ConfigReport;
    return { exitCode, problems };
  };

  it('reports a service that no model can take as a problem of its place', async () => {
    expect(await check('--models', at('models'))).toEqual({ exitCode: 0, problems: [] });
    const sentence = await sellSunRoof();
    const [source = ''] = sentence.split(': ');
    expect(await check('--models', at('models'))).toEqual({
      exitCode: 2,
      problems: [{ source, problem: sentence.slice(source.length + 2) }],
    });
    expect(await check()).toEqual({ exitCode: 0, problems: [] });
  });

  it('reports models that cannot be used, and models that nothing is sold for', async () => {
    expect(await check('--models', at('away'))).toEqual({
      exitCode: 2,
      problems: [{ source: at('away'), problem: 'there is no such folder; name a folder of vehicle models' }],
    });
    const { problems } = await check('--roles', 'api-iot,broker', '--models', at('models'));
    expect(problems).toContainEqual({
      source: '--models',
      problem: 'has no effect without the role platform or engine, which read the catalogue: leave it out',
    });
  });
});
