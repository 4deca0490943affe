import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openKeyring } from '../../../shared/live/keyring.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const makers = { a: () => 'made' };
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

it('takes the access of others from an empty data folder that existed, and from one with a keyring', () =>
  withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'data');
    const keys = join(folder, 'keys.json');
    await mkdir(folder);
    await chmod(folder, 0o755);
    await openKeyring(keys, makers);
    expect([await modeOf(folder), await modeOf(keys)]).toEqual(['700', '600']);
    await chmod(folder, 0o777);
    await chmod(keys, 0o644);
    await openKeyring(keys, makers);
    expect([await modeOf(folder), await modeOf(keys)]).toEqual(['700', '600']);
  }));

it('leaves a folder with other files as it is, with a keyring that only its owner reads', () =>
  withTemporaryFolder(async (folder) => {
    await chmod(folder, 0o755);
    await writeFile(join(folder, 'package.json'), '{}');
    await openKeyring(join(folder, 'keys.json'), makers);
    expect([await modeOf(folder), await modeOf(join(folder, 'keys.json'))]).toEqual(['755', '600']);
  }));

it('refuses a folder with other files that other users can write to, and names the fix', () =>
  withTemporaryFolder(async (folder) => {
    await chmod(folder, 0o777);
    await writeFile(join(folder, 'package.json'), '{}');
    await expect(openKeyring(join(folder, 'keys.json'), makers)).rejects.toThrow(
      `other users can write into the data folder ${folder}: run "chmod 700 ${folder}", or choose another with --data`,
    );
  }));
