import type { Clock, Timer } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import type { Mail, Mailer } from '../../shared/ports/mailer.ts';
import type { Pusher, PushSubscription } from '../../shared/ports/pusher.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { VirtualNetwork } from '../../shared/virtual/http.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import type { GatewayService } from './gateway-processes.ts';
import { origins, testSecrets } from './settings.ts';
import { subscriptionOf } from './sinks.ts';

/** An e-mail of an engine; `to` may list several addresses, each of which gets a copy. */
export interface EngineMail {
  readonly to: string | readonly string[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  readonly messageId?: string;
}

/** What an engine of the user's own is given in the place of Node's own. */
export interface EngineParts<Storage = unknown> {
  /** The API IoT and the payment service answer at the addresses of `settings`; rejects with `TypeError` where no answer comes. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  readonly setTimeout: (callback: () => void, delayMs?: number) => Timer;
  /** Takes what `setTimeout` returned; anything else has no effect. */
  readonly clearTimeout: (timer: Timer | null | undefined) => void;
  /** Milliseconds since 1970, as `Date.now`. */
  readonly now: () => number;
  /** A number in [0, 1), as `Math.random`. */
  readonly random: () => number;
  /** Hands an e-mail to the mail server; rejects where it takes none. */
  readonly sendMail: (mail: EngineMail) => Promise<void>;
  /**
   * Hands a push message to the push service, as `sendNotification` of web-push; rejects where it takes none. `payload` is JSON with
   * `title`, `body`, and `noticeId`, which is the same in each try. `POST /subscriptions` at PUSH_URL makes a subscription.
   */
  readonly sendPush: (
    subscription: PushSubscription,
    payload: string,
  ) => Promise<{ readonly statusCode: 201 }>;
  /** By the names of `engine.env`: API_IOT_URL, API_IOT_CLIENT_ID, API_IOT_CLIENT_SECRET, API_IOT_CALLBACK_SECRET, PAYMENTS_URL, PAYMENTS_KEY, PUSH_URL. */
  readonly settings: Readonly<Record<EngineSettingName, string>>;
  /** The only thing that survives when the process of the engine is killed: the same at each start of a run. */
  readonly storage: Storage;
}

/** Starts an engine, and returns what answers its requests. Called again where its process was killed or stopped. */
export type OwnEngine<Storage = unknown> = (
  parts: EngineParts<Storage>,
) => EngineHandler | RunningEngine | Promise<EngineHandler | RunningEngine>;
export type EngineHandler = (request: Request) => Response | Promise<Response>;
export interface RunningEngine {
  readonly handle: EngineHandler;
  /** Called on a stop as by a signal: no new request comes, and the process is killed once this settles, or after ten seconds. */
  readonly stop?: () => void | Promise<void>;
}

/** An engine of the user's own as a process of a virtual system. */
export interface OwnEngineProgram {
  readonly engine: OwnEngine;
  /** It answers at the origin of this URL. */
  readonly target: string;
  readonly storage: unknown;
  /** Called where a start failed. */
  readonly onStartFailed: (error: unknown) => void;
  /** Called where its `stop` threw or rejected: its process ends all the same, and starts again. */
  readonly onStopFailed: (error: unknown) => void;
}

type EngineSettingName = keyof typeof settings;

/** The addresses are those of `fleetwake up --without platform,engine`. */
const settings = {
  API_IOT_URL: 'http://127.0.0.1:8081',
  API_IOT_CLIENT_ID: 'engine',
  API_IOT_CLIENT_SECRET: testSecrets.engine,
  API_IOT_CALLBACK_SECRET: testSecrets.callbacks,
  PAYMENTS_URL: 'http://127.0.0.1:8082',
  PAYMENTS_KEY: testSecrets.payments,
  PUSH_URL: 'http://127.0.0.1:8083',
} as const;

interface Surroundings {
  readonly loop: Pick<VirtualLoop, 'process'>;
  readonly network: Pick<VirtualNetwork, 'alias' | 'listen'>;
  readonly random: Random;
  readonly sinks: {
    mailer(process: VirtualProcess): Pick<Mailer, 'send'>;
    pusher(process: VirtualProcess): Pusher;
  };
  /** Of the network. */
  readonly clock: Clock;
  readonly portsOf: (process: VirtualProcess) => { readonly clock: Clock; readonly http: Http };
}

/** An engine is not started again after so many failures in a row, one a second: no outage of a test case lasts as long. */
const startFailuresMax = 1_000;
/** The process is killed where its stop takes longer. */
const stopMaxMs = 10_000;

/** Returns what starts an engine of the user's own in a process of a virtual system. */
export function ownEngineBoot(
  { loop, network, random, sinks, clock: networkClock, portsOf }: Surroundings,
  { engine, storage, onStartFailed, onStopFailed }: OwnEngineProgram,
): (process: VirtualProcess) => Promise<GatewayService> {
  network.alias(settings.API_IOT_URL, origins.apiIot);
  network.alias(settings.PAYMENTS_URL, origins.payments);
  network.listen(settings.PUSH_URL, { process: loop.process('push'), handle: newSubscriptions() });
  const draws = random.stream('own engine');
  let mails = 0;
  let startFailures = 0;

  function partsOf(process: VirtualProcess): EngineParts {
    const { clock, http } = portsOf(process);
    const mailer = sinks.mailer(process);
    const pusher = sinks.pusher(process);
    return {
      ...{ settings, storage },
      fetch: (input, init) => fetched(http, new Request(input, init)),
      setTimeout: (callback, delayMs = 0) => clock.setTimer(delayMs, callback),
      clearTimeout: (timer) => timer?.cancel(),
      now: () => clock.now(),
      random: () => draws.fraction(),
      async sendMail({ to, subject, text = '', html = '', messageId }) {
        mails += 1;
        const own: Omit<Mail, 'to'> = {
          ...{ subject, text, html },
          messageId: messageId ?? `engine-${mails}@example.com`,
        };
        for (const address of [to].flat()) await mailer.send({ ...own, to: address });
      },
      async sendPush(subscription, payload) {
        await pusher.send({ subscription, payload, topic: 'engine' });
        return { statusCode: 201 };
      },
    };
  }

  return async (process) => {
    try {
      const started = await whileAlive(process, async () => engine(partsOf(process)));
      startFailures = 0;
      const { handle, stop } = typeof started === 'function' ? { handle: started, stop: undefined } : started;
      return {
        fetch: async (request) => handle(request),
        stop: () =>
          whileAlive(process, () =>
            Promise.race([
              stop?.(),
              new Promise<void>((resolve) => void networkClock.setTimer(stopMaxMs, resolve)),
            ]),
          ).catch(onStopFailed),
      };
    } catch (error) {
      onStartFailed(error);
      startFailures += 1;
      if (startFailures >= startFailuresMax) return new Promise(() => {});
      throw error;
    }
  };
}

/** Answers as the push service does for customers that subscribe. */
function newSubscriptions(): EngineHandler {
  let count = 0;
  return (request) => {
    if (request.method !== 'POST' || new URL(request.url).pathname !== '/subscriptions')
      return new Response('Send push messages by sendPush.', { status: 404 });
    count += 1;
    return Response.json(subscriptionOf(`phone-${count}`), { status: 201 });
  };
}

/** Never settles after the process was killed: a killed process must not see a result. */
function whileAlive<T>(process: VirtualProcess, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    work().then(
      (value) => process.isAlive && resolve(value),
      (error: unknown) => process.isAlive && reject(error),
    );
  });
}

/** Rejects as `fetch` of Node does. */
async function fetched(http: Http, request: Request): Promise<Response> {
  try {
    return await http(request);
  } catch (error) {
    if (error instanceof TransportError) throw new TypeError('fetch failed', { cause: error });
    throw error;
  }
}
