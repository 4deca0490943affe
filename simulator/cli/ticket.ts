import type { Command } from 'commander';
import { technicianActions } from '../../gateway/support/ticket-machine.ts';
import { ticketFlags } from './flag-names.ts';
import { type LookUpFlags, printAnswer, show } from './look-up.ts';
import { withPlatformOptions } from './platform.ts';
import { collect } from './set-option.ts';
import { actionFlags, type TicketFlags, ticketRequest, usedBy } from './ticket-request.ts';
import { refuseUnused } from './unused-flags.ts';

interface ListFlags {
  readonly status?: string;
  readonly state?: string;
  readonly priority?: string;
  readonly assignee?: string;
  readonly vin?: string;
  readonly overdue?: true;
  readonly incident?: string;
}

const filters = ['status', 'state', 'priority', 'assignee', 'vin', 'overdue', 'incident'] as const;

const lookUp = {
  name: 'ticket',
  argument: 'id',
  description: 'show a support ticket, or list the open ones',
  one: (id: string) => `/tickets/${id}`,
  list: {
    path: '/tickets',
    columns: ['id', 'priority', 'state', 'vin', 'serviceId', 'assignedTo', 'overdue', 'incidentId'],
  },
};

/** `fleetwake ticket`: lists tickets, shows one, and lets a technician work it from assignment to its end. */
export function addTicket(program: Command): void {
  const command = program
    .command('ticket')
    .argument('[id]')
    .argument('[move]', `action: ${technicianActions.join(', ')}`)
    .description('show a support ticket, list the open ones, or perform an action on one')
    .option('--json', 'print the response as JSON')
    .option('--limit <number>', 'number of entries in a list', '20')
    .option('--status <status>', 'list: open or closed')
    .option('--state <state>', 'list: work status')
    .option('--priority <priority>', 'list: HIGH or MEDIUM')
    .option('--assignee <name>', 'list: tickets of this technician')
    .option('--vin <vin>', 'list: tickets of this vehicle')
    .option('--overdue', 'list: tickets past their SLA')
    .option('--incident <id>', 'list: tickets of this incident')
    .option('--as <name>', 'every action: name of the technician')
    .option('--technician <name>', 'assign: new technician')
    .option('--text <text>', 'comment: text')
    .option('--reason <text>', 'inspection, escalate, reopen: reason')
    .option('--team <team>', 'escalate: api-iot or development')
    .option('--message <text>', 'contact: question to the customer')
    .option('--set <name=value>', 'payload: parameter of the next retry; repeatable', collect)
    .option('--workshop <name>', 'inspection, resolve: workshop')
    .option('--at <time>', 'inspection, resolve: time, such as 2027-01-18T09:00Z')
    .option('--resolution <kind>', 'resolve: manual-activation, service-appointment or bug-report')
    .option('--reference <id>', 'resolve: bug report number')
    .option('--workaround <text>', 'resolve: workaround for the customer');
  withPlatformOptions(command).action(
    async (
      id: string | undefined,
      move: string | undefined,
      flags: LookUpFlags & ListFlags & TicketFlags,
      self: Command,
    ) => {
      refuseUnused(self, unusedFor(id, move, flags), callOf(id, move));
      process.exitCode = await run(id, move, flags);
    },
  );
}

/** The flags that have no part in what is asked. */
function unusedFor(id: string | undefined, move: string | undefined, flags: TicketFlags): readonly string[] {
  const ofList = ['limit', ...filters];
  if (id === undefined) return actionFlags;
  if (move === undefined) return [...ofList, ...actionFlags];
  const used = usedBy(move, flags);
  return used === null ? [] : [...ofList, ...actionFlags.filter((name) => !used.includes(name))];
}

function callOf(id: string | undefined, move: string | undefined): string {
  if (id === undefined) return 'the list';
  return move === undefined ? 'one ticket' : `the action ${move}`;
}

function run(
  id: string | undefined,
  move: string | undefined,
  flags: LookUpFlags & ListFlags & TicketFlags,
): Promise<number> {
  if (id === undefined || move === undefined) {
    const wanted = filters.flatMap((name) => {
      const value = flags[name];
      return value === undefined ? [] : [[name, String(value)] as [string, string]];
    });
    return show(lookUp, id, flags, new URLSearchParams(wanted), ticketFlags);
  }
  const { path, body } = ticketRequest(id, move, flags);
  return printAnswer(flags, (platform) => platform.send('POST', path, body), undefined, ticketFlags);
}
