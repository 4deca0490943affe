import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Command } from 'commander';
import { vi } from 'vitest';
import { fleetwakeProgram } from '../../../simulator/cli/program.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** The message of what the command ended with, or null. */
  readonly error: string | null;
  readonly exitCode: number | string | null | undefined;
}

/** Runs the command in this process. */
export async function inProcess(parameters: readonly string[]): Promise<Outcome> {
  const out = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      out[stream] += String(text);
      return true;
    }),
  );
  const exitCodeBefore = process.exitCode;
  process.exitCode = undefined;
  let error: string | null = null;
  try {
    await (await fleetwakeProgram(parameters[0])).parseAsync(parameters, { from: 'user' });
  } catch (thrown) {
    error = (thrown as Error).message;
  }
  for (const spy of spies) spy.mockRestore();
  const { exitCode } = process;
  process.exitCode = exitCodeBefore;
  return { ...out, error, exitCode };
}

export interface AskedService {
  readonly url: string;
  /** `GET /tickets?limit=20`, and the body where there is one. Tokens are left out. */
  readonly requests: string[];
  close(): Promise<void>;
}

/**
 * Stands for a platform, an API IoT and a fault control: takes every token and secret, answers with `answerOf` (a text is a stream of events),
 * and keeps what it was asked.
 */
export async function askedService(answerOf: (path: string) => unknown): Promise<AskedService> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const { method, url = '' } = request;
      const isToken = url === '/oauth/token';
      if (!isToken) requests.push(body === '' ? `${method} ${url}` : `${method} ${url} ${body}`);
      const token = { access_token: 'x', token_type: 'Bearer', expires_in: 3_600 };
      const answer = isToken ? token : answerOf(url);
      const isStream = typeof answer === 'string';
      response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
      response.end(isStream ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The secrets that the commands look for in a data folder. */
export async function writeSecrets(folder: string): Promise<void> {
  for (const file of ['keys.json', 'control.json']) await writeFile(join(folder, file), '{}');
}

type Described = readonly [command: string, flag: string, description: string, value: string | null];

async function describedOptions(): Promise<Described[]> {
  const walk = (command: Command, path: string): Described[] => [
    ...command.options.map(({ long, description, flags }): Described => {
      const value = /[<[]([^>\]]+)[>\]]$/.exec(flags)?.[1] ?? null;
      return [path, long ?? '', description, value];
    }),
    ...command.commands.flatMap((child) => walk(child, `${path} ${child.name()}`.trim())),
  ];
  return walk(await fleetwakeProgram(), '');
}

/** Every option of every command: `ticket --status`. */
export async function everyOption(): Promise<string[]> {
  return (await describedOptions()).map(([command, flag]) => `${command} ${flag}`.trim());
}

/** Every option of every command that takes a value, with the name of its value: `['check', '--runs', 'count']`. */
export async function everyValue(): Promise<(readonly [command: string, flag: string, value: string])[]> {
  return (await describedOptions()).flatMap(([command, flag, , value]) =>
    value === null ? [] : [[command, flag, value] as const],
  );
}

/** Every variable that the help of a command names: `['ticket', 'FLEETWAKE_DATA']`. */
export async function everyEnvironmentName(): Promise<(readonly [command: string, name: string])[]> {
  return (await describedOptions()).flatMap(([command, , description]) => {
    const name = /\(([A-Z][A-Z0-9_]+)(; default [^)]*)?\)$/.exec(description)?.[1];
    return name === undefined ? [] : [[command, name] as const];
  });
}
