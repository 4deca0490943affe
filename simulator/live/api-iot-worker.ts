import { parentPort, workerData } from 'node:worker_threads';
import { type GatewayConfig, readConfig, secretsOf } from '../../gateway/config.ts';
import { type ApiIotRole, startApiIot } from '../../gateway/live/api-iot-role.ts';
import type { Keys } from '../../gateway/live/keys.ts';
import { steadyTime, wallClock } from '../../shared/live/clock.ts';
import { watchEventLoop } from '../../shared/live/event-loop.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { shareTime } from '../../shared/live/shared-time.ts';
import type { Http } from '../../shared/ports/http.ts';
import { askingHttp, type OpenRequest, pass } from './asked-faults.ts';
import { carriedHttp } from './carried-http.ts';
import { processChannel } from './process-channel.ts';
import type { MainQuestion, ThreadData, ThreadQuestion } from './process-questions.ts';

/** The program of the thread of API IoT and broker (`api-iot-thread.ts`). It opens what the role needs, and ends with its process. */
const { environment, keys, hasFaults } = workerData as ThreadData;
const config = configOf(environment);
const log = jsonLog(config.logLevel, secretsOf(config));
const eventLoop = watchEventLoop();
const http = liveHttp({ clock: wallClock, timeoutMs: 15_000, log, eventLoop });
const time = shareTime(steadyTime, config.data);
const requests = new Map<number, OpenRequest>();
let apiIot: ApiIotRole | null = null;

const end = {
  send: (message: object) => parentPort?.postMessage(message),
  on: (event: 'message', listener: (message: unknown) => void) => parentPort?.on(event, listener),
};
const channel = processChannel(end, (question) => answerTo(question as MainQuestion));
const ask = (question: ThreadQuestion) => channel.ask(question);
const carried = carriedHttp(ask);

async function answerTo(question: MainQuestion): Promise<unknown> {
  switch (question.type) {
    case 'send':
      return pass(requests, question.key);
    case 'http':
      return carried.answer(question, http.http);
    case 'give up':
      return carried.giveUp(question.key);
    case 'mount':
      return http.mount(question.origin, carried.send);
    case 'metrics':
      return apiIot?.metrics() ?? [];
    case 'stop':
      await apiIot?.stop();
      await eventLoop.stop();
      return time.stop();
    default:
      return question satisfies never;
  }
}

function configOf(variables: ThreadData['environment']): GatewayConfig {
  const read = readConfig({}, variables);
  if ('faults' in read) throw new Error(read.faults.join(' '));
  return read.config;
}

const wrap = hasFaults ? { wrap: (inner: Http) => askingHttp(inner, ask, requests) } : {};
try {
  apiIot = await startApiIot({ config, keys: keys as Keys, http, log, ...wrap });
  await ask({ type: 'started', origin: apiIot.origin, mqttUrl: apiIot.mqttUrl });
} catch (error) {
  await ask({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
}
