import type { Command } from 'commander';
import { givenText } from '../../shared/protocol/address.ts';
import { minorUnitDigits } from '../../shared/protocol/currencies.ts';
import { UsageError } from './exit.ts';
import { settlementFlags } from './flag-names.ts';
import { type LookUpFlags, printAnswer, show } from './look-up.ts';
import { withPlatformOptions } from './platform.ts';
import { refuseUnused } from './unused-flags.ts';

/** The options of `fleetwake settlement`, as commander hands them over. */
export interface SettlementFlags {
  readonly status?: string;
  readonly as?: string;
  readonly resolution?: string;
  readonly amount?: string;
  readonly reference?: string;
  readonly reason?: string;
}

const lookUp = {
  name: 'settlement',
  argument: 'activation',
  description: 'list settlements that need an operator',
  one: (id: string) => `/settlements/${id}`,
  list: {
    path: '/settlements',
    columns: ['activationId', 'purchaseId', 'vin', 'serviceId', 'phase', 'overdue'],
  },
};

/** `fleetwake settlement`: lists what waits for an operator, shows one, and ends it. */
export function addSettlement(program: Command): void {
  const command = program
    .command('settlement')
    .argument('[activation]')
    .argument('[move]', 'action: resolve')
    .description('list, show or resolve settlements that the payment service permanently refused')
    .option('--json', 'print the response as JSON')
    .option('--limit <number>', 'number of entries in a list', '20')
    .option('--status <status>', 'list: unsettled (to be paid back) or uncollectible (to be collected)')
    .option('--as <name>', 'resolve: name of the operator')
    .option('--resolution <kind>', 'resolve: paid-back, collected, written-off or retry')
    .option('--amount <amount>', 'paid-back, collected: full amount, such as "14.90 EUR"')
    .option('--reference <id>', 'paid-back, collected: reference of the bank or accounting')
    .option('--reason <text>', 'written-off: reason, shown to the customer');
  withPlatformOptions(command).action(
    async (
      id: string | undefined,
      move: string | undefined,
      flags: LookUpFlags & SettlementFlags,
      self: Command,
    ) => {
      refuseUnused(self, unusedFor(id, move, flags), callOf(id, move, flags));
      process.exitCode = await run(id, move, flags);
    },
  );
}

const ofList = ['limit', 'status'];
const ofResolve = ['as', 'resolution', 'amount', 'reference', 'reason'];

/** The flags that have no part in what is asked. */
function unusedFor(
  id: string | undefined,
  move: string | undefined,
  { resolution }: SettlementFlags,
): readonly string[] {
  if (id === undefined) return ofResolve;
  if (move === undefined) return [...ofList, ...ofResolve];
  switch (resolution?.replaceAll('_', '-')) {
    case 'paid-back':
    case 'collected':
      return [...ofList, 'reason'];
    case 'written-off':
      return [...ofList, 'amount', 'reference'];
    case 'retry':
      return [...ofList, 'amount', 'reference', 'reason'];
    default:
      return ofList;
  }
}

function callOf(id: string | undefined, move: string | undefined, { resolution }: SettlementFlags): string {
  if (id === undefined) return 'the list';
  return move === undefined ? 'one settlement' : `--resolution ${resolution}`;
}

function run(
  id: string | undefined,
  move: string | undefined,
  flags: LookUpFlags & SettlementFlags,
): Promise<number> {
  if (id === undefined || move === undefined) {
    const status = flags.status ?? 'unsettled';
    return show(lookUp, id, flags, new URLSearchParams({ status }), settlementFlags);
  }
  const { path, body } = settlementRequest(id, move, flags);
  return printAnswer(flags, (platform) => platform.send('POST', path, body), undefined, settlementFlags);
}

function need(flags: SettlementFlags, name: keyof SettlementFlags, why: string): string {
  const value = flags[name];
  if (value === undefined || value === '')
    throw new UsageError(`fleetwake settlement ACTIVATION resolve needs --${name}${why}`);
  return value;
}

function amountOf(text: string): { readonly amountMinor: number; readonly currency: string } {
  const [, whole = '', decimals = '', currency = ''] = /^(\d{1,8})(?:\.(\d+))? ([A-Z]{3})$/.exec(text) ?? [];
  const digits = minorUnitDigits(currency);
  if (digits === null || (decimals !== '' && decimals.length !== digits))
    throw new UsageError(
      `--amount must be an amount with its currency such as "14.90 EUR", not ${givenText(text)}`,
    );
  return { amountMinor: Number(whole + decimals.padEnd(digits, '0')), currency };
}

/** What to send for `fleetwake settlement ACTIVATION resolve`. Throws `UsageError` for what the command line lacks. */
export function settlementRequest(
  id: string,
  move: string,
  flags: SettlementFlags,
): { readonly path: string; readonly body: Readonly<Record<string, unknown>> } {
  if (move !== 'resolve') throw new UsageError(`unknown settlement action "${move}"; use: resolve`);
  const path = `/settlements/${encodeURIComponent(id)}/resolve`;
  const by = need(flags, 'as', '');
  const resolution = need(flags, 'resolution', '').replaceAll('-', '_');
  const why = ` with --resolution ${flags.resolution}`;
  switch (resolution) {
    case 'retry':
      return { path, body: { by, resolution } };
    case 'written_off':
      return { path, body: { by, resolution, reason: need(flags, 'reason', why) } };
    case 'paid_back':
    case 'collected': {
      const reference = need(flags, 'reference', why);
      return { path, body: { by, resolution, ...amountOf(need(flags, 'amount', why)), reference } };
    }
    default:
      throw new UsageError(
        `--resolution must be paid-back, collected, written-off or retry, not ${givenText(String(flags.resolution))}`,
      );
  }
}
