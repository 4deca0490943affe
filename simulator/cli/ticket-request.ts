import { type TechnicianAction, technicianActions } from '../../gateway/support/ticket-machine.ts';
import { givenText } from '../../shared/protocol/address.ts';
import { UsageError } from './exit.ts';
import { fieldsOfSet } from './set-option.ts';

/** The options of `fleetwake ticket`, as commander hands them over. */
export interface TicketFlags {
  readonly as?: string;
  readonly technician?: string;
  readonly text?: string;
  readonly reason?: string;
  readonly team?: string;
  readonly message?: string;
  readonly set?: readonly string[];
  readonly workshop?: string;
  readonly at?: string;
  readonly resolution?: string;
  readonly reference?: string;
  readonly workaround?: string;
}

const ofMove: Readonly<Record<TechnicianAction, readonly (keyof TicketFlags)[]>> = {
  assign: ['technician'],
  comment: ['text'],
  payload: ['set'],
  inspection: ['workshop', 'at', 'reason'],
  escalate: ['team', 'reason'],
  contact: ['message'],
  resolve: ['resolution', 'workshop', 'at', 'reference', 'workaround'],
  reopen: ['reason'],
  start: [],
  retry: [],
  keep: [],
  close: [],
};

/** Every flag that an action may need. */
export const actionFlags: readonly (keyof TicketFlags)[] = [
  'as',
  ...new Set(technicianActions.flatMap((move) => ofMove[move])),
];

/** Returns the flags that have a part in an action; null for an unknown one. */
export function usedBy(move: string, { resolution }: TicketFlags): readonly (keyof TicketFlags)[] | null {
  const known = technicianActions.find((one) => one === move);
  if (known === undefined) return null;
  const used = ['as', ...ofMove[known]] as const;
  if (known !== 'resolve') return used;
  switch (resolution?.replaceAll('_', '-')) {
    case 'manual-activation':
      return ['as', 'resolution'];
    case 'service-appointment':
      return ['as', 'resolution', 'workshop', 'at'];
    case 'bug-report':
      return ['as', 'resolution', 'reference', 'workaround'];
    default:
      return used;
  }
}

type Values = Readonly<Record<string, unknown>>;

/** The flag's value, or a sentence that says which one is missing. */
function need(move: string, flags: TicketFlags, name: Exclude<keyof TicketFlags, 'set'>): string {
  const value = flags[name];
  if (value === undefined || value === '')
    throw new UsageError(`fleetwake ticket ID ${move} needs --${name}`);
  return value;
}

function instantOf(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new UsageError(`--at must be a time such as 2027-01-18T09:00Z, not ${givenText(text)}`);
  return at;
}

function parametersOf(pairs: readonly string[]): Values {
  if (pairs.length === 0) throw new UsageError('fleetwake ticket ID payload needs --set name=value');
  return fieldsOfSet(pairs);
}

function visitOf(move: string, flags: TicketFlags): Values {
  return { workshop: need(move, flags, 'workshop'), appointmentAt: instantOf(need(move, flags, 'at')) };
}

function resolutionOf(flags: TicketFlags): Values {
  const resolution = need('resolve', flags, 'resolution').replaceAll('-', '_');
  switch (resolution) {
    case 'manual_activation':
      return { resolution };
    case 'service_appointment':
      return { resolution, ...visitOf('resolve', flags) };
    case 'bug_report':
      return {
        resolution,
        reference: need('resolve', flags, 'reference'),
        workaround: need('resolve', flags, 'workaround'),
      };
    default:
      throw new UsageError(
        `--resolution must be manual-activation, service-appointment or bug-report, not ${givenText(String(flags.resolution))}`,
      );
  }
}

function valuesOf(move: TechnicianAction, flags: TicketFlags): Values {
  switch (move) {
    case 'assign':
      return { technician: need(move, flags, 'technician') };
    case 'comment':
      return { text: need(move, flags, 'text') };
    case 'payload':
      return { parameters: parametersOf(flags.set ?? []) };
    case 'inspection':
      return { ...visitOf(move, flags), reason: need(move, flags, 'reason') };
    case 'escalate':
      return { team: need(move, flags, 'team').replaceAll('-', '_'), reason: need(move, flags, 'reason') };
    case 'contact':
      return { message: need(move, flags, 'message') };
    case 'resolve':
      return resolutionOf(flags);
    case 'reopen':
      return { reason: need(move, flags, 'reason') };
    case 'start':
    case 'retry':
    case 'keep':
    case 'close':
      return {};
  }
}

/** What to send for `fleetwake ticket ID MOVE`. Throws `UsageError` for what the command line lacks; the platform judges the rest. */
export function ticketRequest(id: string, move: string, flags: TicketFlags): { path: string; body: Values } {
  const known = technicianActions.find((one) => one === move);
  if (known === undefined)
    throw new UsageError(`unknown ticket action "${move}"; use one of: ${technicianActions.join(', ')}`);
  const body = { by: need(move, flags, 'as'), ...valuesOf(known, flags) };
  return { path: `/tickets/${encodeURIComponent(id)}/${known}`, body };
}
