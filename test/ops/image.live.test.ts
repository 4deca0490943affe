import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { options } from '../../gateway/config.ts';
import { buildWhenOutdated } from '../e2e/build.ts';
import { dockerfileParts, imageEnvironment } from '../e2e/image.ts';
import { startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [before = [], build = [], image = []] = dockerfileParts();
const textsOf = (part: typeof image, name: string) =>
  part.filter((one) => one.name === name).map(({ text }) => text);
const healthy = 'ops/container/healthy.mjs';

describe('the Dockerfile', () => {
  test('builds in an image of its own, from one pinned tag, and copies the result alone', () => {
    expect(textsOf(before, 'ARG')).toEqual(['NODE_IMAGE=node:22-bookworm-slim']);
    const bases = [...textsOf(build, 'FROM'), ...textsOf(image, 'FROM')].map((base) =>
      base.replace(/[${}]/g, ''),
    );
    expect(bases).toEqual(['NODE_IMAGE AS build', 'NODE_IMAGE']);
    expect(textsOf(image, 'COPY')).toEqual(['--from=build /app /app']);
    expect(textsOf(build, 'RUN').slice(1)).toEqual([
      ...['npm ci --no-audit --no-fund', 'npm run build', 'sh ops/container/assemble.sh /build /app'],
    ]);
  });

  test('ends as a user without rights, with data in the one folder that it may write', () => {
    const names = image.map(({ name }) => name);
    // Nothing that needs rights comes after it.
    expect(names.slice(names.indexOf('USER'))).toEqual([
      ...['USER', 'WORKDIR', 'VOLUME', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'],
    ]);
    expect([textsOf(image, 'USER'), textsOf(image, 'VOLUME')]).toEqual([['node'], ['/data']]);
  });

  test('sets options that there are, and names the ports of the gateway', () => {
    const known = Object.values(options).map(({ environment }) => environment);
    const { NODE_ENV: mode, ...own } = imageEnvironment();
    expect(mode).toBe('production');
    expect(Object.keys(own).filter((name) => !known.some((one) => one === name))).toEqual([]);
    const ports = [options.port, options.apiIotPort, options.mqttPort].map(({ fallback }) => fallback);
    expect(textsOf(image, 'EXPOSE')).toEqual([[...ports, own.FLEETWAKE_HEALTH_PORT].join(' ')]);
  });

  test('takes from this folder what the build needs, and neither secrets nor data', () => {
    const lines = readFileSync(join(root, 'ops/container/Dockerfile.dockerignore'), 'utf8').split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))[0]).toBe('*');
    const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
    const taken = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    // Of the package all but what is built there.
    for (const file of files.filter((one) => one !== 'dist'))
      expect(
        taken.some((one) => file === one || file.startsWith(`${one}/`)),
        file,
      ).toBe(true);
    expect(taken.filter((one) => /secret|\.fleetwake|reports|node_modules|dist/.test(one))).toEqual([]);
  });
});

describe('what the image holds', () => {
  beforeAll(buildWhenOutdated);

  test('its last build step makes it, it starts as a user without rights, and it is healthy until it stops', () =>
    withTemporaryFolder(async (folder) => {
      const app = join(folder, 'app');
      const [step = ''] = textsOf(build, 'RUN').slice(-1);
      execFileSync('sh', ['-ec', step.replace('/build', root).replace('/app', app)], {
        cwd: root,
        stdio: 'pipe',
      });
      expect(existsSync(join(app, 'node_modules', 'vitest'))).toBe(false);
      const [entry = ''] = textsOf(image, 'ENTRYPOINT');
      const [check = ''] = textsOf(image, 'HEALTHCHECK');
      const [, main = ''] = JSON.parse(entry) as string[];
      expect(main).toBe('/app/dist/command/main.js');
      expect(check).toMatch(new RegExp(` CMD \\["node", "/app/${healthy}"\\]$`));
      accessSync(join(app, healthy));

      const user = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};
      const data = join(folder, 'data');
      mkdirSync(data);
      chmodSync(folder, 0o755);
      if (user.uid !== undefined) chownSync(data, user.uid, user.gid);
      const health = `${await freePort()}`;
      const env = { ...imageEnvironment(), FLEETWAKE_DATA: data, FLEETWAKE_HEALTH_PORT: health };
      const settings = Object.entries({
        ...env,
        FLEETWAKE_HOST: '127.0.0.1',
        PATH: process.env.PATH ?? '',
        HOME: data,
      });
      const call = JSON.parse(textsOf(image, 'CMD')[0] ?? '[]') as string[];
      const own = ['--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'];
      const parameters = ['-i', ...settings.map((pair) => pair.join('=')), process.execPath];
      const isHealthy = () =>
        spawnSync(process.execPath, [join(app, healthy)], { env: { FLEETWAKE_HEALTH_PORT: health } }).status;
      expect(isHealthy()).toBe(1);
      const command = [...parameters, main.replace('/app', app), ...call, ...own];
      const gateway = startChild('/usr/bin/env', command, data, user);
      try {
        await until(() => {
          if (gateway.process.exitCode !== null) throw new Error(`the gateway ended: ${gateway.output()}`);
          return gateway.output().includes('"event":"gateway.started"');
        }, 'the gateway starts');
        expect(isHealthy()).toBe(0);
        expect(readdirSync(data)).toContain('keys.json');
      } finally {
        await gateway.stop();
      }
      expect([gateway.process.exitCode, isHealthy()]).toEqual([0, 1]);
    }));
});
