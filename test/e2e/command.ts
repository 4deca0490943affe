import { type ChildProcess, spawn } from 'node:child_process';
import { until } from '../helpers/until.ts';
import { cliFile } from './build.ts';

/** The shipped command, running. */
export interface Command {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with its exit code; rejects when it does not end, and then it is killed. */
  exitCode(): Promise<number | null>;
}

/** Starts it in a folder of the caller's, without the caller's own settings; `detached` in a process group of its own, as a shell does. */
export function startFleetwake(
  folder: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  options: { readonly detached?: boolean } = {},
): Command {
  const child = spawn(process.execPath, [cliFile, ...parameters], {
    ...options,
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString();
  });
  let closed: boolean = false;
  child.once('close', () => {
    closed = true;
  });
  return {
    process: child,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    async exitCode() {
      try {
        await until(() => closed, `fleetwake ${parameters.join(' ')} ends: ${said.stderr}`);
      } finally {
        child.kill('SIGKILL');
      }
      return child.exitCode;
    },
  };
}

/** Starts it, and kills it where `work` did not end it. */
export async function withFleetwake(
  folder: string,
  parameters: readonly string[],
  work: (command: Command) => Promise<void>,
): Promise<void> {
  const command = startFleetwake(folder, parameters);
  try {
    await work(command);
  } finally {
    command.process.kill('SIGKILL');
  }
}

/** Runs it to its end. */
export async function fleetwake(
  folder: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const command = startFleetwake(folder, parameters, environment);
  const exitCode = await command.exitCode();
  return { exitCode, stdout: command.stdout(), stderr: command.stderr() };
}
