import type { Command } from 'commander';
import { technicianMoves } from '../../gateway/support/ticket-machine.ts';
import { type LookUpFlags, printAnswer, show } from './look-up.ts';
import { withPlatformOptions } from './platform.ts';
import { collect } from './set-option.ts';
import { type TicketFlags, ticketRequest } from './ticket-request.ts';

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
  description: 'a support ticket, or the open ones',
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
    .argument('[move]', `what to do: ${technicianMoves.join(', ')}`)
    .description('a support ticket, the open ones, or a move on one')
    .option('--json', 'print the answer as it came')
    .option('--limit <number>', 'how many a list shows', '20')
    .option('--status <status>', 'list: open or closed')
    .option('--state <state>', 'list: where the work stands')
    .option('--priority <priority>', 'list: HIGH or MEDIUM')
    .option('--assignee <name>', "list: one technician's")
    .option('--vin <vin>', 'list: those of one vehicle')
    .option('--overdue', 'list: those that are late')
    .option('--incident <id>', 'list: those of one incident')
    .option('--as <name>', 'any move: the technician who does it')
    .option('--technician <name>', 'assign: to whom')
    .option('--text <text>', 'comment: what was found')
    .option('--reason <text>', 'inspection, escalate, reopen: why')
    .option('--team <team>', 'escalate: api-iot or development')
    .option('--message <text>', 'contact: what the customer is asked')
    .option('--set <name=value>', 'payload: a parameter of the next retry; repeat it for more', collect)
    .option('--workshop <name>', 'inspection, resolve: where')
    .option('--at <time>', 'inspection, resolve: when, such as 2027-01-18T09:00Z')
    .option('--resolution <kind>', 'resolve: manual-activation, service-appointment or bug-report')
    .option('--reference <id>', "resolve: the bug's number")
    .option('--workaround <text>', 'resolve: what the customer can do meanwhile');
  withPlatformOptions(command).action(
    async (
      id: string | undefined,
      move: string | undefined,
      flags: LookUpFlags & ListFlags & TicketFlags,
    ) => {
      process.exitCode = await run(id, move, flags);
    },
  );
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
    return show(lookUp, id, flags, new URLSearchParams(wanted));
  }
  const { path, body } = ticketRequest(id, move, flags);
  return printAnswer(flags, (platform) => platform.send('POST', path, body));
}
