import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withEnvironmentFiles } from '../../../simulator/cli/environment-files.ts';
import { UsageError } from '../../../simulator/cli/exit.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

it('reads an option from the file that NAME_FILE names, without its last line break; the variable itself wins', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'database-url');
    await writeFile(path, 'postgres://u:p%40ss@db/x\n');
    const files = { DATABASE_URL_FILE: path, SMTP_URL_FILE: path, PATH: '/bin' };
    expect(withEnvironmentFiles({ ...files, SMTP_URL: 'smtp://mail' })).toEqual({
      ...files,
      DATABASE_URL: 'postgres://u:p%40ss@db/x',
      SMTP_URL: 'smtp://mail',
    });
    expect(() => withEnvironmentFiles({ NATS_URL_FILE: '/nowhere' })).toThrow(
      new UsageError('NATS_URL_FILE: /nowhere cannot be read (there is no such file): correct the path'),
    );
  }));

it('leaves out the byte order mark of such a file, and refuses one that is not UTF-8', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'smtp-url');
    await writeFile(path, '\uFEFFsmtp://mail\r\n');
    expect(withEnvironmentFiles({ SMTP_URL_FILE: path }).SMTP_URL).toBe('smtp://mail');
    await writeFile(path, Buffer.from('smtp://u:Jos\xe9@mail', 'latin1'));
    expect(() => withEnvironmentFiles({ SMTP_URL_FILE: path })).toThrow(
      new UsageError(
        `SMTP_URL_FILE: ${path} cannot be read (it is not UTF-8; save it as UTF-8): correct the path`,
      ),
    );
  }));
