import { AsyncLocalStorage, createHook, type HookCallbacks } from 'node:async_hooks';

/** Kinds of resources that a virtual run may create: none leaves the thread or takes real time. */
const allowed: ReadonlySet<string> = new Set(['PROMISE', 'Immediate', 'Microtask', 'TickObject']);

/** Foreign resources that are kept with their stack; further ones are only counted. */
const keptMax = 20;
const stackDepth = 40;

/** Resource of a virtual run that real time, the thread pool or the network would end: its order would be random. */
export interface ForeignResource {
  /** As `async_hooks` names it: Timeout, FSREQPROMISE, TCPWRAP, … */
  readonly type: string;
  /** The frames that made it, without Node's own. */
  readonly stack: readonly string[];
}

export interface Guard {
  readonly foreign: readonly ForeignResource[];
  readonly foreignCount: number;
  /** Unhandled rejections. */
  readonly unhandled: readonly unknown[];
  /** Watches until `leave`. */
  enter(): void;
  leave(): void;
  /** Resolves in the next turn, when all promises and ticks have run. */
  turn(): Promise<void>;
  /** Whether an immediate waits that is not this guard's own. */
  hasPending(): boolean;
}

/** Which run an asynchronous context belongs to: a process may do other work meanwhile, as a test runner does. */
const runOfContext = new AsyncLocalStorage<object>();

/**
 * Records resources that the caller and what it starts create during a virtual run; other work of the process is none of its
 * concern. It hooks only creation, because the other hooks slow every promise down. A mark of Node shows whether an immediate has ended.
 */
export function newGuard(): Guard {
  const run = {};
  runOfContext.enterWith(run);
  const foreign: ForeignResource[] = [];
  const unhandled: unknown[] = [];
  let foreignCount = 0;
  let pending: { readonly _destroyed: boolean }[] = [];
  let isOwn = false;
  const hook = createHook({
    init: function onResource(_id, type, _trigger, resource) {
      if (type === 'PROMISE' || isOwn || runOfContext.getStore() !== run) return;
      if (type === 'Immediate') pending.push(resource as { readonly _destroyed: boolean });
      if (allowed.has(type)) return;
      foreignCount += 1;
      if (foreign.length < keptMax) foreign.push({ type, stack: framesBelow(onResource) });
    },
  });
  const onUnhandled = (reason: unknown) => void unhandled.push(reason);
  return {
    foreign,
    get foreignCount() {
      return foreignCount;
    },
    unhandled,
    enter() {
      runOfContext.enterWith(run);
      hook.enable();
      process.on('unhandledRejection', onUnhandled);
    },
    leave() {
      hook.disable();
      process.off('unhandledRejection', onUnhandled);
    },
    turn: () =>
      new Promise<void>((resolve) => {
        isOwn = true;
        setImmediate(resolve);
        isOwn = false;
      }),
    hasPending() {
      if (pending.length > 0) pending = pending.filter((immediate) => !immediate._destroyed);
      return pending.length > 0;
    },
  };
}

/** The frames that led to this hook, without Node's own. */
function framesBelow(hook: NonNullable<HookCallbacks['init']>): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = stackDepth;
  const made: { stack?: string } = {};
  Error.captureStackTrace(made, hook);
  Error.stackTraceLimit = limit;
  return (made.stack ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => !line.includes('node:'));
}
