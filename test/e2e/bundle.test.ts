import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { buildWhenOutdated, cliFile } from './build.ts';
import { fleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** Prints how many files the process has loaded, when it ends. */
const countFiles = `
  import { Session } from 'node:inspector';
  const files = new Set();
  const session = new Session();
  session.connect();
  session.on('Debugger.scriptParsed', ({ params: { url } }) => {
    if (url.startsWith('file:') || url.startsWith('/')) files.add(url);
  });
  session.post('Debugger.enable');
  process.on('exit', () => console.error('files ' + files.size));
`;

test.each([
  ['gateway', 150],
  ['run', 165],
  ['check', 150],
  ['customer', 100],
])('a start of fleetwake %s loads less than %i files', async (command, limit) => {
  const counting = `data:text/javascript,${encodeURIComponent(countFiles)}`;
  const { stderr } = await run(process.execPath, ['--import', counting, cliFile, command, '--help']);
  const files = Number(/^files (\d+)$/m.exec(stderr)?.[1]);
  expect(files).toBeGreaterThan(10);
  expect(files).toBeLessThan(limit);
});

test('a stack trace names the file and the line of the source', async () => {
  await withTemporaryFolder(async (folder) => {
    const { stderr } = await fleetwake(folder, ['verify', 'missing.json'], { FLEETWAKE_DEBUG: '1' });
    const [, file = '', line] = /^ +at .*?(\/[^:()]+\.ts):(\d+):\d+\)?$/m.exec(stderr) ?? [];
    expect(file.startsWith(root)).toBe(true);
    expect(readFileSync(file, 'utf8').split('\n')[Number(line) - 1]).toContain('new UsageError(');
  });
});

test('the package has the command, its source maps, the testing kit and its types', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    maxBuffer: 64 * 1_024 * 1_024,
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = new Set(files.map(({ path }) => path));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    bin: { fleetwake: string };
    exports: { './testing': { types: string; default: string } };
  };
  const { types, default: kit } = manifest.exports['./testing'];
  expect(join(root, manifest.bin.fleetwake)).toBe(cliFile);
  for (const path of [manifest.bin.fleetwake, `${manifest.bin.fleetwake}.map`, types, kit]) {
    const packed = path.replace(/^\.\//, '');
    expect([packed, paths.has(packed)]).toEqual([packed, true]);
    expect(existsSync(join(root, packed))).toBe(true);
  }
});
