import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated, cliFile } from './build.ts';
import { fleetwake, startFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const page = readFileSync(new URL('../../docs/several-processes.md', import.meta.url), 'utf8');

/** One terminal of the page. */
function blockOf(name: string): string {
  const found = new RegExp(`<!-- several processes: ${name} -->\\n\`\`\`sh\\n([\\s\\S]*?)\\n\`\`\``).exec(
    page,
  );
  if (found?.[1] === undefined) throw new Error(`docs/several-processes.md has no block ${name}`);
  return found[1];
}

/** The page's ports, which another program of this machine may have, and free ones in their place. */
async function freePorts(): Promise<(block: string) => string> {
  const ports = new Map<string, string>();
  for (const port of ['8080', '8081', '8082', '8083', '8025', '8474', '1025', '1883']) {
    ports.set(port, String(await freePort()));
  }
  return (block) => block.replaceAll(/\b(80\d\d|8474|1025|1883)\b/g, (port) => ports.get(port) ?? port);
}

interface Terminal {
  readonly said: () => string;
  /** Resolves with what it said, once it ended. */
  readonly ended: Promise<string>;
  /** As Ctrl-C does. */
  stop(): Promise<void>;
}

/** Runs a block by bash in a process group of its own. `npx` is the one of the folder `bin`, which starts this build. */
function terminal(folder: string, block: string): Terminal {
  const child = spawn('bash', ['-c', `set -e\n${block}`], {
    cwd: folder,
    detached: true,
    env: { HOME: folder, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = new Promise<string>((resolve) => child.once('close', () => resolve(said)));
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // It has ended.
    }
  };
  return {
    said: () => said,
    ended,
    async stop() {
      signal('SIGINT');
      const cut = setTimeout(() => signal('SIGKILL'), 120_000);
      await ended;
      clearTimeout(cut);
    },
  };
}

async function makeNpx(folder: string): Promise<void> {
  await mkdir(join(folder, 'bin'));
  const npx = join(folder, 'bin', 'npx');
  await writeFile(npx, `#!/bin/sh\nshift\nexec "${process.execPath}" "${cliFile}" "$@"\n`);
  await chmod(npx, 0o755);
}

test('the blocks of docs/several-processes.md bring a purchase to its end, each in a process of its own', async () => {
  await withTemporaryFolder(async (folder) => {
    await makeNpx(folder);
    const withFreePorts = await freePorts();
    const terminals: Terminal[] = [];
    const start = async (name: string, line: RegExp) => {
      const started = terminal(folder, withFreePorts(blockOf(name)));
      terminals.push(started);
      await until(() => line.test(started.said()), `${name} starts`).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${started.said()}`);
      });
    };
    const file = join(folder, '.fleetwake', 'stand-ins.env');
    try {
      await start('stand-ins', /^stand-ins: payments http.*, smtp smtp:.*, mail http.*, push http.*\n$/);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      await start('api-iot', /"event":"gateway.started"/);
      await start('platform', /"event":"gateway.started".*"cannotSell":\[\]/);
      await start('fleet', /"event":"fleet.started".*"connected":5/);
      const purchase = withFreePorts(blockOf('purchase'));
      expect(await terminal(folder, purchase).ended).toContain('"status":"pending"');
      const lookUp = `${purchase.split('\n').at(-1)}`;
      await until(
        async () => (await terminal(folder, lookUp).ended).includes(' active'),
        'the activation of the purchase is active',
      );
    } finally {
      for (const started of terminals.reverse()) await started.stop();
    }
    expect(existsSync(file)).toBe(false);
  });
});

test('stand-ins runs those that are named, prints their addresses as JSON, and ends with 0 at a signal', async () => {
  await withTemporaryFolder(async (folder) => {
    const command = startFleetwake(folder, ['stand-ins', '--payments', '--payments-port', '0', '--json']);
    try {
      await until(() => command.stdout().endsWith('\n'), `it starts: ${command.stderr()}`);
      const line = JSON.parse(command.stdout()) as Record<string, string>;
      expect(line).toEqual({
        event: 'stand-ins.started',
        payments: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        environment: '.fleetwake/stand-ins.env',
      });
      expect(readFileSync(join(folder, '.fleetwake', 'stand-ins.env'), 'utf8')).toMatch(
        new RegExp(`^PAYMENTS_URL=${line.payments}\nPAYMENTS_KEY=sk_test_[\\w-]{43}\n$`),
      );
      expect((await fetch(`${line.payments}/ledger`)).status).toBe(401);
      command.process.kill('SIGTERM');
      expect([await command.exitCode(), command.stderr()]).toEqual([0, '']);
      expect(existsSync(join(folder, '.fleetwake', 'stand-ins.env'))).toBe(false);
    } finally {
      command.process.kill('SIGKILL');
    }
  });
});

test('stand-ins refuses a port that is no port', async () => {
  await withTemporaryFolder(async (folder) => {
    expect(await fleetwake(folder, ['stand-ins', '--smtp-port', 'x'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'fleetwake: --smtp-port must be a whole number from 0 to 65535, not "x"\n',
    });
  });
});

test('a gateway without payment service and mail server says at start that nothing can be sold, and answers 503', async () => {
  await withTemporaryFolder(async (folder) => {
    const ports = ['--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'];
    const command = startFleetwake(folder, ['gateway', ...ports]);
    try {
      await until(() => command.stdout().endsWith('\n'), `it starts: ${command.stderr()}`);
      const started = JSON.parse(command.stdout()) as { platform: string; cannotSell: string[] };
      const reasons = [
        'This gateway has no payment service: set PAYMENTS_URL (--payments-url), or start a stand-in with "fleetwake stand-ins".',
        'This gateway has no mail server: set SMTP_URL (--smtp-url), or start a stand-in with "fleetwake stand-ins".',
      ];
      expect(started.cannotSell).toEqual(reasons);
      const [logged] = command
        .stderr()
        .split('\n')
        .filter((line) => line.includes('platform.cannot_sell'));
      expect(JSON.parse(logged ?? '{}')).toMatchObject({ level: 50, reasons });
      const ready = await fetch(`${started.platform}/readyz`);
      expect([ready.status, await ready.json()]).toMatchObject([503, { reasons }]);
      expect((await fetch(`${started.platform}/livez`)).status).toBe(200);
    } finally {
      command.process.kill('SIGTERM');
      expect(await command.exitCode()).toBe(0);
    }
  });
});
