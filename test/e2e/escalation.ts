import type { ActivationDetail } from '../../gateway/platform/activation-view.ts';
import type { TicketDetail } from '../../gateway/platform/ticket-view.ts';
import type { TechnicianAction } from '../../gateway/support/ticket-machine.ts';
import type { ConfigureRequest, VehicleHealth, VehicleTwin } from '../../shared/protocol/api-iot.ts';
import { collectMails } from '../../simulator/reports/collect.ts';
import type { Bought, Platform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { fleetwake } from './command.ts';
import { on, watch } from './disturb.ts';
import { activationOf, get } from './story.ts';

/** One action of technician-1, by REST and by command. */
export interface Move {
  readonly name: TechnicianAction;
  /** Beside `by`. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Beside `--as`. */
  readonly flags: readonly string[];
}

export function move(name: TechnicianAction, body: Move['body'] = {}, flags: readonly string[] = []): Move {
  return { name, body, flags };
}

/** A technician who works by REST or by command. */
export interface Technician {
  /** The state that the move leaves the ticket in; or, refused, the platform's own sentence. */
  make(id: string, move: Move): Promise<string>;
  look(id: string): Promise<TicketDetail>;
  /** Ids of the open tickets that a filter leaves. */
  list(filter: Readonly<Record<string, string>>): Promise<string[]>;
}

interface Page {
  readonly tickets: readonly { readonly id: string }[];
}

const by = 'technician-1';

export function byRest(platform: Platform): Technician {
  return {
    async make(id, { name, body }) {
      const answer = await platform.clients.platform.send('POST', `/tickets/${id}/${name}`, { by, ...body });
      const { state, detail } = answer.body as { state: string; detail: string };
      return answer.status === 200 ? state : detail;
    },
    look: (id) => get(platform, `/tickets/${id}`),
    async list(filter) {
      const { tickets } = await get<Page>(platform, `/tickets?${new URLSearchParams(filter)}`);
      return tickets.map(({ id }) => id);
    },
  };
}

/** The shipped command, a process for each call. */
export function byCommand(platform: Platform): Technician {
  const place = ['--platform-url', platform.origins.platform, '--data', platform.dataFolder, '--json'];
  const run = (...parameters: string[]) =>
    fleetwake(platform.dataFolder, ['ticket', ...parameters, ...place]);
  async function answer<T>(...parameters: string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await run(...parameters);
    if (exitCode !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }
  return {
    async make(id, { name, flags }) {
      const { exitCode, stdout, stderr } = await run(id, name, '--as', by, ...flags);
      if (exitCode === 0) return (JSON.parse(stdout) as TicketDetail).state;
      return stderr.trim().replace(/^fleetwake: /, '');
    },
    look: (id) => answer(id),
    async list(filter) {
      const flags = Object.entries(filter).flatMap(([name, value]) => [`--${name}`, value]);
      return (await answer<Page>(...flags)).tickets.map(({ id }) => id);
    },
  };
}

/** What went between the engine and the API IoT, untouched. */
export interface Overheard {
  readonly disturb: ReturnType<typeof watch>['disturb'];
  /** `POST configure 202`, `GET status 200` … in the order of asking. */
  readonly seen: readonly string[];
  readonly configured: readonly ConfigureRequest[];
  readonly twins: readonly VehicleTwin[];
  readonly healths: readonly VehicleHealth[];
}

export function overhear(): Overheard {
  const configured: ConfigureRequest[] = [];
  const twins: VehicleTwin[] = [];
  const healths: VehicleHealth[] = [];
  const keepAnswer = <T>(operation: string, kept: T[]) =>
    on(operation, async (request, pass) => {
      const response = await pass(request);
      kept.push((await response.clone().json()) as T);
      return response;
    });
  const { disturb, seen } = watch(
    on('configure', async (request, pass) => {
      configured.push((await request.clone().json()) as ConfigureRequest);
      return pass(request);
    }),
    keepAnswer('status', twins),
    keepAnswer('health', healths),
  );
  return { disturb, seen, configured, twins, healths };
}

/** A mail as the sink got it, without the line endings of SMTP. */
export interface Mail {
  readonly to: string;
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
}

/** A push as the phone decrypts it. */
export interface Push {
  readonly title: string;
  readonly body: string;
  readonly url: string;
  readonly noticeId: string;
}

/** Everything in both sinks, in the order of arrival, for all customers. */
export async function sinksOf(platform: Platform): Promise<{ mails: Mail[]; pushes: Push[] }> {
  const mails = (await collectMails(platform.standIns.mailbox)).reverse();
  const pushes = platform.standIns.pushes.list({ limit: 1_000 }).reverse();
  return {
    mails: mails.map(({ to, messageId, subject, text }) => ({
      to,
      messageId,
      subject,
      text: withoutToken(text.replaceAll('\r\n', '\n')),
    })),
    pushes: pushes.map(({ payload }) => JSON.parse(withoutToken(payload ?? '{}')) as Push),
  };
}

/** The link of a notification has the instant and a signature, which are tested with the links themselves. */
const withoutToken = (text: string) => text.replace(/(\/my-purchase\/pur_[^.]+)\.[0-9a-z.]+/g, '$1.TOKEN');

/** Waits until every notification of the activation has been accepted by its channel, and there are this many. */
export async function noticesOf(
  platform: Platform,
  bought: Bought,
  count: number,
): Promise<ActivationDetail['notices']> {
  let { notices } = await activationOf(platform, bought);
  await until(async () => {
    ({ notices } = await activationOf(platform, bought));
    return notices.length >= count && notices.every(({ status }) => status === 'sent');
  }, `${count} notices are sent`);
  return notices;
}
