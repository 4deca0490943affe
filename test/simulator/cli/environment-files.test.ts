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
