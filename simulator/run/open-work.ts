import { parseTopic } from '../../shared/protocol/topics.ts';
import type { BrokerMessage } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import { isBeyondCommand } from '../scenarios/plan-vehicles.ts';

/** What the platform has not ended yet. */
export interface OpenWork {
  /** Activations and deactivations. */
  readonly activations: number;
  /** Revocations that a command can still end. */
  readonly revocations: number;
  /** Revocations of unreachable vehicles: they continue without end. */
  readonly unreachable: number;
  /** Notifications, events, ticket deadlines and entitlements that are due. */
  readonly following: number;
}

export const nothingOpen: OpenWork = { activations: 0, revocations: 0, unreachable: 0, following: 0 };

/** Commands that the API IoT has not ended, and those without a result. */
export interface OpenCommands {
  readonly open: number;
  readonly unanswered: readonly string[];
}

/** The databases as a run looks at them; on real parts as they were at the last look. */
export interface OpenWorkSource {
  openWork(): OpenWork;
  openCommands(): OpenCommands;
}

export interface OpenWorkOptions {
  /** VINs that no command reaches. */
  readonly unreachable: readonly string[];
  /** Entitlements and ticket deadlines that are due before this instant have to end in the run. */
  readonly endsBefore: number;
}

/** Rows of a database, read between two events. */
export type SyncQuery = <Row>(text: string, ...parameters: unknown[]) => Row[];

/** Returns the VINs of the plan that no command can reach. */
export function unreachableVins({ vehicles, constants }: Plan): string[] {
  return vehicles
    .filter((vehicle) => isBeyondCommand(vehicle, constants.commandTimeoutMs))
    .map(({ vin }) => vin);
}

/** Returns the query for `OpenWork`, one row; for SQLite and PostgreSQL. */
export function openWorkQuery({ unreachable, endsBefore }: OpenWorkOptions): string {
  const vins = ['', ...unreachable].map((vin) => `'${vin}'`).join(', ');
  const count = (condition: string) => `coalesce(sum(case when ${condition} then 1 else 0 end), 0)`;
  return `select open.*,
    (select count(*) from notices where status = 'waiting') +
    (select count(*) from entitlements where ended_at is null and valid_until < ${endsBefore}) +
    (select count(*) from tickets where due_at < ${endsBefore}) +
    (select case when coalesce(max(seq), 0) > coalesce((select seq from cursors where name = 'events'), 0)
      then 1 else 0 end from record) +
    (select count(*) from record where type like 'ticket.%'
      and seq > (select seq from cursors where name = 'ticket-webhook')) as following
    from (select ${count(`kind <> 'revocation'`)} as activations,
      ${count(`kind = 'revocation' and vin not in (${vins})`)} as revocations,
      ${count(`kind = 'revocation' and vin in (${vins})`)} as unreachable
      from activations where ended_at is null or due_at is not null) as open`;
}

export const openCommandsQuery = 'select count(*) as count from commands where ended_at is null';
export const unansweredQuery = 'select id from commands where results is null';

/** Returns the open work of databases that can be read synchronously. `options` may change between two reads. */
export function syncOpenWork(
  read: { readonly platform: SyncQuery; readonly apiIot: SyncQuery },
  options: OpenWorkOptions,
): OpenWorkSource {
  const text = openWorkQuery(options);
  return {
    openWork() {
      const [row] = read.platform<OpenWork>(text);
      if (!row) throw new Error('the platform counted nothing');
      return row;
    },
    openCommands: () => ({
      open: read.apiIot<{ count: number }>(openCommandsQuery)[0]?.count ?? 0,
      unanswered: read.apiIot<{ id: string }>(unansweredQuery).map(({ id }) => id),
    }),
  };
}

/** Whether only revocations that nothing can end are left. */
export function isAllButUnreachable({ activations, revocations, following }: OpenWork): boolean {
  return activations + revocations + following === 0;
}

/** Whether every command has ended, and every result that the broker took from a vehicle is in the API IoT's database. */
export function areCommandsAtRest(
  { open, unanswered }: OpenCommands,
  messages: () => readonly BrokerMessage[],
): boolean {
  if (open > 0) return false;
  const ids = new Set(unanswered);
  return ids.size === 0 || !messages().some((message) => isTakenResult(message, ids));
}

/** A result that arrives after its command timed out is on its way from the broker for some milliseconds. */
function isTakenResult({ topic, payload, takenAt }: BrokerMessage, unanswered: ReadonlySet<string>): boolean {
  if (takenAt === null || parseTopic(topic)?.channel !== 'result') return false;
  const { commandId } = JSON.parse(payload) as { commandId?: string };
  return commandId !== undefined && unanswered.has(commandId);
}
