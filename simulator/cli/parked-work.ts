import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from './exit.ts';
import { lookUpFlags } from './flag-names.ts';
import { type AnswerFlags, type LookUpFlags, printAnswer, show } from './look-up.ts';
import { withGatewayOptions } from './options.ts';
import { type Surface, withPlatformOptions } from './platform.ts';
import { refuseUnused } from './unused-flags.ts';

/** A list of what waits for an operator, and what an operator can do with each entry. */
interface ParkedWork {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly status: string;
  readonly columns: readonly string[];
  readonly actions: readonly string[];
  /** Absent: the platform. */
  readonly surface?: Surface;
}

const parkedWork: readonly ParkedWork[] = [
  {
    name: 'notification',
    description: 'list dead notifications; resend or drop one',
    path: '/notices',
    status: 'dead',
    columns: ['id', 'kind', 'channel', 'customerId', 'tries', 'lastError'],
    actions: ['resend', 'drop'],
  },
  {
    name: 'webhook-event',
    description: 'list parked ticket events of the webhook; replay or drop one',
    path: '/webhook-events',
    status: 'parked',
    columns: ['id', 'type', 'ticketId', 'tries', 'reason'],
    actions: ['replay', 'drop'],
  },
  {
    name: 'incident',
    description: 'list open incidents, whose cause holds back the whole fleet; end one',
    path: '/incidents',
    status: 'open',
    columns: ['id', 'cause', 'openedAt', 'openedBy', 'reason', 'probeAt'],
    actions: ['end'],
  },
  {
    name: 'parked',
    description: 'list callbacks that the API IoT gave up; replay or drop one',
    path: '/callbacks',
    status: 'parked',
    columns: ['id', 'url', 'tries', 'reason'],
    actions: ['replay', 'drop'],
    surface: 'apiIot',
  },
];

function run(
  work: ParkedWork,
  id: string | undefined,
  action: string | undefined,
  flags: LookUpFlags,
): Promise<number> {
  const { name, description, path, columns, status, surface = 'platform' } = work;
  if (id === undefined) {
    const lookUp = { name, argument: 'id', description, one: () => path, list: { path, columns } };
    return show(lookUp, undefined, flags, new URLSearchParams({ status }), {}, surface);
  }
  if (action === undefined)
    throw new UsageError(`the action for ${id} is missing: ${work.actions.join(' or ')}`);
  return printAnswer(
    flags,
    (client) => client.send('POST', `${path}/${encodeURIComponent(id)}/${action}`),
    undefined,
    lookUpFlags('id'),
    surface,
  );
}

/** `fleetwake notification`, `webhook-event`, `incident` and `parked`: the operator's lists of what waits for a decision, and the actions on them. */
export function addParkedWork(program: Command): void {
  for (const work of parkedWork) {
    const action = (value: string) => {
      if (work.actions.includes(value)) return value;
      throw new InvalidArgumentError(`it is ${work.actions.join(' or ')}.`);
    };
    const command = program
      .command(work.name)
      .argument('[id]')
      .argument('[action]', work.actions.join(' or '), action)
      .description(work.description)
      .option('--json', 'print the response as JSON')
      .option('--limit <number>', 'number of entries in a list', '20');
    const withOptions =
      work.surface === 'apiIot'
        ? withGatewayOptions(command, ['data', 'apiIotUrl'])
        : withPlatformOptions(command);
    withOptions.action(
      async (id: string | undefined, chosen: string | undefined, flags: LookUpFlags, self: Command) => {
        if (id !== undefined) refuseUnused(self, ['limit'], `one ${work.name}`);
        process.exitCode = await run(work, id, chosen, flags);
      },
    );
  }
  const resume = program
    .command('webhook-resume')
    .description('enable the ticket webhook again after its receiver answered 410')
    .option('--json', 'print the response as JSON');
  withPlatformOptions(resume).action(async (flags: AnswerFlags) => {
    process.exitCode = await printAnswer(
      flags,
      (platform) => platform.send('POST', '/webhook-events/resume'),
      (body) =>
        (body as { wasOff: boolean }).wasOff
          ? 'the webhook is enabled again\n'
          : 'the webhook was already enabled\n',
    );
  });
}
