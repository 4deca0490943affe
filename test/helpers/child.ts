import { type ChildProcess, spawn } from 'node:child_process';

/** A program that a test started. */
export interface Child {
  readonly process: ChildProcess;
  /** Its output so far, of both streams. */
  output(): string;
  /** Ends it politely, or with another signal, and resolves once it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program without a shell, as another user if asked. If it cannot be started, `output` has the error. */
export function startChild(
  command: string,
  parameters: readonly string[],
  folder?: string,
  user: { uid?: number; gid?: number } = {},
): Child {
  const child = spawn(command, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(folder === undefined ? {} : { cwd: folder }),
    ...user,
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-100_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  // A run that is broken off must leave nothing behind.
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => {
      process.removeListener('exit', killWithUs);
      resolve();
    });
    child.once('error', (error) => {
      output += String(error);
      resolve();
    });
  });
  return {
    process: child,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await gone;
    },
  };
}
