import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startGateway } from '../../../gateway/live/gateway.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { shippedAdapter } from '../../helpers/foreign-engine.ts';
import { testConfig } from '../../helpers/running-platform.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

test('a gateway with an adapter that cannot be used names file, line and fix, before it creates anything', () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, 'my.yaml');
    await writeFile(file, shippedAdapter('synchronous').replace('  path: /token\n', ''));
    const data = join(folder, 'data');
    const starting = startGateway({ config: testConfig({ data, apiIotAdapter: file }), log: silentLog });
    await expect(starting).rejects.toThrow(
      new Error(
        `the adapter cannot be used:\n${file}:6:3: token.path is missing; write a path such as /oauth/token, or the URL of another host`,
      ),
    );
    expect(existsSync(data)).toBe(false);
  }));
