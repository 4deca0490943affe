import type { GatewayConfig } from '../../gateway/config.ts';
import type { Gateway, GatewayOptions } from '../../gateway/live/gateway.ts';
import { runGateway } from '../../gateway/main.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import { type ProcessChannel, processChannel } from './process-channel.ts';
import type { ProcessHooks, ProcessQuestion, RequestFate, RunQuestion } from './process-questions.ts';

/** The response or the error of a request that passed. */
type Sent =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly error: unknown };

interface OpenRequest {
  send(): Promise<Sent>;
  sent: Sent | null;
}

/**
 * A gateway of a run in this process: what meets requests at its API IoT, and where it dies, is decided by the run that started it, so that
 * counts and draws of faults outlive it. It ends with the run.
 */
export async function runGatewayOfRun(config: GatewayConfig, hooks: ProcessHooks): Promise<void> {
  const exit = () => process.exit(1);
  process.once('disconnect', exit);
  if (process.connected === false) exit();
  const requests = new Map<number, OpenRequest>();
  let gateway: Gateway | null = null;

  async function answerTo(question: ProcessQuestion): Promise<unknown> {
    switch (question.type) {
      case 'send': {
        const request = requests.get(question.key);
        if (!request) return false;
        request.sent = await request.send();
        return request.sent.ok;
      }
      case 'stop broker':
        return gateway?.apiIot?.broker?.stop({ keepsSessions: question.keepsSessions });
      case 'start broker':
        return gateway?.apiIot?.broker?.start();
      default:
        return question satisfies never;
    }
  }

  const channel = processChannel(process, (question) => answerTo(question as ProcessQuestion));
  await runGateway(config, {
    ...hooksOf(hooks, channel, requests),
    onStarted(started) {
      gateway = started;
    },
  });
  process.removeListener('disconnect', exit);
  process.disconnect?.();
}

function hooksOf(
  { hasSteps, hasFaults }: ProcessHooks,
  channel: ProcessChannel,
  requests: Map<number, OpenRequest>,
): Pick<GatewayOptions, 'wrapApiIot' | 'disturb' | 'disturbPayments' | 'wrapPorts'> {
  const ask = (question: RunQuestion) => channel.ask(question);
  /** A process that dies at a step is never answered. */
  async function stepping<T>(label: string, call: () => Promise<T>): Promise<T> {
    if (!hasSteps) return call();
    await ask({ type: 'step', phase: 'before', label });
    try {
      return await call();
    } finally {
      await ask({ type: 'step', phase: 'after', label });
    }
  }
  const stepped =
    (http: Http): Http =>
    (request) =>
      stepping(`http ${request.method} ${request.url}`, () => http(request));
  return {
    ...(hasFaults ? { wrapApiIot: (http: Http) => askingHttp(http, ask, requests) } : {}),
    disturb: stepped,
    disturbPayments: stepped,
    wrapPorts: ({ bus, mailer, pusher }) => ({
      bus: {
        ...bus,
        publish: (subject, payload, options) =>
          stepping(`publish ${subject}`, () => bus.publish(subject, payload, options)),
      },
      mailer: { ...mailer, send: (mail) => stepping('email', () => mailer.send(mail)) },
      pusher: { send: (push) => stepping('push', () => pusher.send(push)) },
    }),
  };
}

let keys = 0;

/** What answers at the API IoT, with the faults that the run has. */
function askingHttp(
  http: Http,
  ask: (question: RunQuestion) => Promise<unknown>,
  requests: Map<number, OpenRequest>,
): Http {
  return async (request) => {
    keys += 1;
    const key = keys;
    const open: OpenRequest = {
      send: () =>
        http(request).then(
          (response): Sent => ({ ok: true, response }),
          (error: unknown): Sent => ({ ok: false, error }),
        ),
      sent: null,
    };
    requests.set(key, open);
    const { method, url, signal } = request;
    const isGivenUp = new Promise<null>((resolve) => {
      signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    try {
      const fate = (await Promise.race([
        ask({ type: 'request', key, method, url }),
        isGivenUp,
      ])) as RequestFate | null;
      // Its caller waits no longer: the request fails as one that is given up does.
      if (fate === null) return await http(request);
      return responseOf(fate, open);
    } finally {
      requests.delete(key);
    }
  };
}

function responseOf(fate: RequestFate, { sent }: OpenRequest): Response {
  switch (fate.type) {
    case 'own':
      if (sent === null) throw new Error('a request of the run never passed');
      if (!sent.ok) throw sent.error;
      return sent.response;
    case 'answer':
      return new Response(fate.body, { status: fate.status, headers: fate.headers.map(([...pair]) => pair) });
    case 'error':
      // It came, and the fault lost it.
      if (sent?.ok) void sent.response.body?.cancel();
      throw new TransportError(fate.kind, fate.message, fate.mayHaveSucceeded);
    default:
      return fate satisfies never;
  }
}
