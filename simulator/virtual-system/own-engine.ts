import type { Timer } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';
import { TransportError } from '../../shared/ports/http.ts';
import type { Mail } from '../../shared/ports/mailer.ts';
import { origins, testSecrets } from './settings.ts';
import type { virtualSystem } from './virtual-system.ts';

/** An e-mail of an engine; `to` may list several addresses, each of which gets a copy. */
export interface EngineMail {
  readonly to: string | readonly string[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  readonly messageId?: string;
}

/** What an engine of the user's own is given in the place of Node's own. */
export interface EngineParts {
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
  /** By the names of `engine.env`: API_IOT_URL, API_IOT_CLIENT_ID, API_IOT_CLIENT_SECRET, API_IOT_CALLBACK_SECRET, PAYMENTS_URL, PAYMENTS_KEY. */
  readonly settings: Readonly<Record<EngineSettingName, string>>;
}

/** Starts an engine, and returns what answers its requests. */
export type OwnEngine = (parts: EngineParts) => EngineHandler | Promise<EngineHandler>;
export type EngineHandler = (request: Request) => Response | Promise<Response>;

type EngineSettingName = keyof typeof settings;

/** The addresses are those of `fleetwake up --without platform,engine`. */
const settings = {
  API_IOT_URL: 'http://127.0.0.1:8081',
  API_IOT_CLIENT_ID: 'engine',
  API_IOT_CLIENT_SECRET: testSecrets.engine,
  API_IOT_CALLBACK_SECRET: testSecrets.callbacks,
  PAYMENTS_URL: 'http://127.0.0.1:8082',
  PAYMENTS_KEY: testSecrets.payments,
} as const;

type Surroundings = Pick<
  ReturnType<typeof virtualSystem>,
  'loop' | 'network' | 'random' | 'sinks' | 'portsOf'
>;

/** Starts an engine of the user's own as a process of a virtual system; it answers at the origin of `target`. */
export async function startOwnEngine(
  { loop, network, random, sinks, portsOf }: Surroundings,
  engine: OwnEngine,
  target: string,
): Promise<void> {
  const process = loop.process('engine');
  const { clock, http } = portsOf(process);
  network.alias(settings.API_IOT_URL, origins.apiIot);
  network.alias(settings.PAYMENTS_URL, origins.payments);
  const mailer = sinks.mailer(process);
  const draws = random.stream('own engine');
  let mails = 0;
  const handle = await engine({
    settings,
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
  });
  network.listen(new URL(target).origin, { process, handle: async (request) => handle(request) });
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
