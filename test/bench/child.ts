import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of the bench: started with one argument, it says when it is ready and then answers requests, one a time each. */
export interface BenchChild<Ready> {
  readonly ready: Ready;
  /** Rejects when the child cannot, or has ended. */
  ask<Answer>(name: string, argument?: unknown): Promise<Answer>;
  stop(): Promise<void>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
}

interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type Message =
  | { readonly ready: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number | null; readonly error: string };

/** The module's compiled or source file, whichever this one is. */
export function moduleUrl(name: string): URL {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}

/** Starts a module of this folder that calls `serveParent`. */
export async function startChild<Ready>(
  name: string,
  argument: unknown,
  execArgv: readonly string[] = [],
): Promise<BenchChild<Ready>> {
  const child = fork(moduleUrl(name), [], { execArgv: [...process.execArgv, ...execArgv] });
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const ready = new Promise<Ready>((resolve, reject) => {
    child.on('message', (message: Message) => {
      if ('ready' in message) return resolve(message.ready as Ready);
      if (message.id === null)
        return reject(new Error(`${name}: ${'error' in message ? message.error : ''}`));
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if ('error' in message) asked?.reject(new Error(`${name}: ${message.error}`));
      else asked?.resolve(message.answer as never);
    });
    child.once('exit', (code) => {
      const ended = new Error(`${name} ended with ${code}`);
      reject(ended);
      for (const { reject: give } of waiting.values()) give(ended);
      waiting.clear();
    });
  });
  const ask = <Answer>(request: string, given?: unknown) =>
    new Promise<Answer>((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve: resolve as (answer: never) => void, reject });
      child.send({ id: lastId, name: request, argument: given } satisfies Request);
    });
  child.send(argument as object);
  const stop = () => end(child, ask);
  const kill = async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return { ready: await ready, ask, stop, kill };
}

async function end(child: ChildProcess, ask: (name: string) => Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  await ask('stop').catch(() => undefined);
  child.disconnect();
  await gone;
}

type Operations = Readonly<Record<string, (argument: never) => unknown>> & { readonly stop: () => unknown };

/** The child's side: `start` gets the argument and returns what is ready and what can be asked. It ends with its parent. */
export function serveParent<Argument>(
  start: (argument: Argument) => Promise<{ readonly ready: unknown; readonly operations: Operations }>,
): void {
  process.once('disconnect', () => process.exit());
  process.once('message', (argument) => void begin(argument as Argument));

  async function begin(argument: Argument): Promise<void> {
    try {
      const { ready, operations } = await start(argument);
      process.on('message', (request: Request) => void answer(operations, request));
      process.send?.({ ready });
    } catch (error) {
      process.send?.({
        id: null,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }

  async function answer(operations: Operations, { id, name, argument }: Request): Promise<void> {
    try {
      process.send?.({ id, answer: await operations[name]?.(argument as never) });
    } catch (error) {
      process.send?.({ id, error: String(error) });
    }
  }
}

/** Processor time of this process so far, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
