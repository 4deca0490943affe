import type { GatewayConfig } from '../../gateway/config.ts';
import type { Gateway, GatewayOptions } from '../../gateway/live/gateway.ts';
import { runGateway } from '../../gateway/main.ts';
import type { Http } from '../../shared/ports/http.ts';
import { askingHttp, type OpenRequest, pass } from './asked-faults.ts';
import { type ProcessChannel, processChannel } from './process-channel.ts';
import type { ProcessHooks, ProcessQuestion, RunQuestion } from './process-questions.ts';

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
      case 'send':
        return pass(requests, question.key);
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
): Pick<GatewayOptions, 'wrapApiIot' | 'wrapPlatform' | 'disturb' | 'disturbPayments' | 'wrapPorts'> {
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
  const asking = (http: Http) => askingHttp(http, ask, requests);
  return {
    // Of the two, the process has one.
    ...(hasFaults ? { wrapApiIot: asking, wrapPlatform: asking } : {}),
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
