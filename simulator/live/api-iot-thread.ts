import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openApiIotDatabase } from '../../gateway/live/api-iot-database.ts';
import type { ApiIotRole, ApiIotRoleDeps } from '../../gateway/live/api-iot-role.ts';
import type { MetricFamilies } from '../../gateway/live/metrics-server.ts';
import { carriedHttp } from './carried-http.ts';
import { environmentOf } from './gateway-process.ts';
import { processChannel } from './process-channel.ts';
import type { MainQuestion, ThreadData, ThreadQuestion } from './process-questions.ts';
import { remoteFaults } from './remote-faults.ts';

type Started = Extract<ThreadQuestion, { type: 'started' }>;

/**
 * Returns whether API IoT and broker have a thread of their own: not where one of the two is elsewhere, one processor would run both, or the
 * main thread decides what meets each request (`hasFaults`): every request would then wait for several of its turns.
 */
export function isApart(
  { apiIotThread: wanted, apiIotUrl, roles }: Pick<GatewayConfig, 'apiIotThread' | 'apiIotUrl' | 'roles'>,
  processors: number,
  hasFaults: boolean,
): boolean {
  const hasPlatform = roles.includes('platform') || roles.includes('engine');
  const isBoth = hasPlatform && roles.includes('api-iot') && apiIotUrl === null;
  return isBoth && (wanted === 'yes' || (wanted === 'auto' && processors > 1 && !hasFaults));
}

/** Returns what starts API IoT and broker in a thread of their own, or undefined where they stay in this one. */
export function apiIotThread(
  config: GatewayConfig,
  { hasFaults }: { readonly hasFaults: boolean },
): ((deps: ApiIotRoleDeps) => Promise<ApiIotRole>) | undefined {
  // The sources themselves are run by tests, and no thread can load them.
  const isCompiled = !import.meta.url.endsWith('.ts');
  return isCompiled && isApart(config, availableParallelism(), hasFaults) ? startApiIotThread : undefined;
}

/** Starts API IoT and broker in a thread. If it ends by itself, the error ends this process, as one of this thread would. */
async function startApiIotThread(deps: ApiIotRoleDeps): Promise<ApiIotRole> {
  const { config, keys, http, log, wrap } = deps;
  const workerData: ThreadData = {
    environment: environmentOf(config),
    keys,
    hasFaults: wrap !== undefined,
  };
  const worker = new Worker(new URL('./api-iot-worker.js', import.meta.url), {
    workerData,
    // Not the flags of the process: a thread refuses some of them, such as --max-old-space-size.
    execArgv: ['--enable-source-maps'],
  });
  const faults = remoteFaults({ around: wrap ?? ((inner) => inner) });
  let isStopping = false;
  let settle: { resolve(started: Started): void; reject(error: Error): void } | null = null;
  const starting = new Promise<Started>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const ended = (error: Error) => {
    if (isStopping) return;
    settle?.reject(error);
    if (settle !== null) return;
    log.error('gateway.api_iot_thread_ended', { message: error.message });
    throw error;
  };
  worker.on('error', ended);
  worker.on('exit', (code) => ended(new Error(`the thread of API IoT and broker ended with ${code}`)));

  async function answerTo(question: ThreadQuestion): Promise<unknown> {
    switch (question.type) {
      case 'started':
        return settle?.resolve(question);
      case 'failed':
        return settle?.reject(new Error(question.message));
      case 'request':
        return faults.fateOf(question, channel);
      case 'http':
        return carried.answer(question, http.http);
      case 'give up':
        return carried.giveUp(question.key);
      default:
        return question satisfies never;
    }
  }

  const end = {
    send: (message: object) => worker.postMessage(message),
    on: (event: 'message', listener: (message: unknown) => void) => worker.on(event, listener),
  };
  const channel = processChannel(end, (question) => answerTo(question as ThreadQuestion));
  const ask = (question: MainQuestion) => channel.ask(question);
  const carried = carriedHttp(ask);
  try {
    const { origin, mqttUrl } = await starting;
    settle = null;
    log.info('gateway.api_iot_thread_started', { origin, mqttUrl });
    http.mount(origin, carried.send);
    const database = openApiIotDatabase(config);
    return {
      ...{ origin, mqttUrl, database, broker: null },
      mountPlatform: (platform) => void ask({ type: 'mount', origin: platform }),
      metrics: async () => (await ask({ type: 'metrics' })) as MetricFamilies,
      async stop() {
        isStopping = true;
        await ask({ type: 'stop' });
        await worker.terminate();
        await database.close();
      },
    };
  } catch (error) {
    isStopping = true;
    await worker.terminate();
    throw error;
  }
}
