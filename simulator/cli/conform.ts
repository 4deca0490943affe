import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ownAdapter } from '../../gateway/adapter/shipped-adapters.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { type LiveHttp, liveHttp } from '../../shared/live/http.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { givenText, readAddress } from '../../shared/protocol/address.ts';
import { durationExamples, durationOfText } from '../../shared/protocol/duration-text.ts';
import { type CallbackListener, callbackReceiver } from '../conform/callback-listener.ts';
import { type ConformReport, claims, conform } from '../conform/conform.ts';
import { conformHtml, conformJunit, conformLine, conformTotal } from '../conform/conform-report.ts';
import { Subject } from '../conform/subject.ts';
import { adapterAt } from './adapters.ts';
import { exitCodes, UsageError } from './exit.ts';
import { countOf } from './whole-number.ts';

interface Flags {
  readonly adapter?: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly vin: string;
  readonly feature: string;
  readonly quotaVin?: string;
  readonly offlineVin?: string;
  readonly lateVin?: string;
  readonly quota: string;
  readonly wait: string;
  readonly callbackUrl?: string;
  readonly callbackPort: string;
  readonly callbackSecret?: string;
  readonly restart?: string;
  readonly only?: string;
  readonly json?: string | true;
  readonly junit?: string;
  readonly html?: string;
}

/** `fleetwake conform URL`: tries claims of the specification on an API IoT. */
export function addConform(program: Command): void {
  program
    .command('conform')
    .argument('<url>', 'URL of the API IoT')
    .description(
      'try claims of the specification on an API IoT, and say which guarantee is lost (docs/own-api-iot.md)',
    )
    .option('--adapter <file>', 'adapter file that describes it; default: the one of the stand-in')
    .option('--client-id <id>', 'OAuth client id', 'engine')
    .requiredOption('--client-secret <secret>', 'OAuth client secret')
    .requiredOption('--vin <vin>', 'vehicle that is online; its feature is switched on and off')
    .option('--feature <name>', 'feature that is switched', 'heated_seats')
    .option('--quota-vin <vin>', 'vehicle whose quota is used up')
    .option('--offline-vin <vin>', 'vehicle that is away')
    .option('--late-vin <vin>', 'vehicle that answers after the time-out')
    .option('--quota <count>', 'commands per vehicle within the window', '10')
    .option('--wait <duration>', 'how long a command may take to end', '6 min')
    .option(
      '--callback-port <port>',
      'port on this machine that receives callbacks; 0 picks a free port',
      '0',
    )
    .option('--callback-url <url>', 'address of that port as the API IoT reaches it; default: 127.0.0.1')
    .option('--callback-secret <secret>', 'secret that signs callbacks (whsec_…)')
    .option('--restart <command>', 'shell command that restarts the API IoT and ends once it answers')
    .option('--only <claims>', 'names of claims, comma-separated')
    .option('--json [file]', 'write the report as JSON, to a file or to standard output')
    .option('--junit <file>', 'write the report as JUnit XML, a case for every claim')
    .option('--html <file>', 'write the report as one HTML page')
    .action(async (url: string, flags: Flags) => {
      const http = liveHttp({ clock: wallClock, timeoutMs: 30_000, log: silentLog });
      process.exitCode = await run(url, flags, http);
    });
}

async function run(url: string, flags: Flags, http: LiveHttp): Promise<number> {
  const names = namesOf(flags);
  const wait = durationOfText(flags.wait);
  if (wait === null || wait <= 0)
    throw new UsageError(
      `--wait must be a duration such as ${durationExamples}, not ${givenText(flags.wait)}`,
    );
  const origin = urlOf('the address of the API IoT', url, 'request');
  const { restart } = flags;
  const settings = {
    adapter: flags.adapter === undefined ? ownAdapter() : adapterAt(flags.adapter),
    origin,
    ...{ clientId: flags.clientId, clientSecret: flags.clientSecret, vin: flags.vin, feature: flags.feature },
    quotaVin: flags.quotaVin ?? null,
    offlineVin: flags.offlineVin ?? null,
    lateVin: flags.lateVin ?? null,
    quota: countOf('--quota', flags.quota, 1_000, 1),
    endMaxMs: wait,
    restart: restart === undefined ? null : () => runShell(restart),
  };
  const { listener, close } = await listen(flags, http);
  try {
    const mark = systemSecrets.digest(systemSecrets.newToken()).slice(0, 8);
    const ports = { http: http.http, clock: wallClock, callbacks: listener, secrets: systemSecrets, mark };
    const subject = new Subject(settings, ports);
    const isQuiet = flags.json === true;
    const report = await conform(subject, names, (tried) => {
      if (!isQuiet) process.stdout.write(conformLine(tried));
    });
    await write(report, flags);
    process.stdout.write(isQuiet ? `${JSON.stringify(report, null, 2)}\n` : conformTotal(report));
    return report.ok ? exitCodes.ok : exitCodes.failed;
  } finally {
    await close();
  }
}

/** A URL without credentials: it is printed, and a callback's, which may have a query, goes to the API IoT. */
function urlOf(what: string, text: string, base?: 'request'): string {
  const rule = { protocols: ['http://', 'https://'], hasCredentials: false };
  const reading = readAddress(text, base === undefined ? rule : { ...rule, base });
  if ('fault' in reading) throw new UsageError(`${what} ${reading.fault}`);
  return reading.value;
}

function namesOf({ only }: Flags): string[] | null {
  if (only === undefined) return null;
  const names = only.split(',').map((name) => name.trim());
  const known = claims.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--only names "${unknown}"; write some of ${known.join(', ')}`);
  return names;
}

async function listen(
  flags: Flags,
  http: LiveHttp,
): Promise<{ readonly listener: CallbackListener; readonly close: () => Promise<void> }> {
  const callbackUrl = flags.callbackUrl === undefined ? null : urlOf('--callback-url', flags.callbackUrl);
  const receiver = callbackReceiver(() => wallClock.now());
  const port = countOf('--callback-port', flags.callbackPort, 65_535);
  const server = await http.serve(receiver.fetch, { hostname: '127.0.0.1', port });
  const url = callbackUrl ?? `${server.origin}${receiver.path}`;
  return {
    listener: { url, secret: flags.callbackSecret ?? null, received: receiver.received },
    close: () => server.close(),
  };
}

function runShell(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new UsageError(`--restart: the command ended with ${code}; correct it`));
    });
  });
}

async function write(report: ConformReport, { json, junit, html }: Flags): Promise<void> {
  if (typeof json === 'string') await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
  if (junit !== undefined) await writeFile(junit, conformJunit(report));
  if (html !== undefined) await writeFile(html, conformHtml(report));
}
