import type { Command } from 'commander';
import type { ApiAnswer } from '../run/api-client.ts';
import { exitCodes, UsageError } from './exit.ts';
import { restoreFlags } from './flag-names.ts';
import { type AnswerFlags, problemText } from './look-up.ts';
import { type AskedPlatform, askedPlatform, withPlatformOptions } from './platform.ts';
import { refuseUnused } from './unused-flags.ts';

interface ReconcileFlags extends AnswerFlags {
  readonly apply?: true;
  readonly as?: string;
}

interface Finding {
  readonly id: string;
  readonly kind: string;
  readonly difference: string | null;
  readonly vin: string | null;
  readonly serviceId: string | null;
  readonly books: { readonly phase: string; readonly settlement: string } | null;
  readonly payment: { readonly activationId: string; readonly status: string | null } | null;
  readonly decision: string | null;
}

interface Listed {
  readonly stoppedAt: number | null;
  readonly collected: boolean;
  readonly findings: readonly Finding[];
  readonly next: string | null;
}

/** What came of one payment: `left` says why it still differs; null: it was repaired. */
interface Reconciled {
  readonly finding: Finding;
  readonly left: string | null;
}

/** `fleetwake reconcile-payments`: lists where a restored database and the payment service differ, and repairs the database. */
export function addReconcilePayments(program: Command): void {
  const command = program
    .command('reconcile-payments')
    .description(
      'list payments that a restored database does not know, or knows otherwise; repair the database',
    )
    .option('--apply', 'repair each: the same as "fleetwake restore FINDING adopt"')
    .option('--as <name>', '--apply: name of the operator')
    .option('--json', 'print the result as JSON');
  withPlatformOptions(command).action(async (flags: ReconcileFlags, self: Command) => {
    if (!flags.apply) refuseUnused(self, ['as'], 'the list of payments');
    process.exitCode = await reconcile(flags);
  });
}

async function reconcile(flags: ReconcileFlags): Promise<number> {
  const { as: by } = flags;
  if (flags.apply && !by) throw new UsageError('fleetwake reconcile-payments --apply needs --as NAME');
  const asked = await askedPlatform(flags);
  const listed = await allFindings(asked);
  if (!listed.collected) {
    process.stderr.write('fleetwake: the gateway still compares its database with the payments: ask again\n');
    return exitCodes.open;
  }
  const open = listed.findings.filter(({ payment, decision }) => payment !== null && decision === null);
  const results: Reconciled[] = [];
  for (const finding of open)
    results.push({ finding, left: flags.apply ? await repaired(asked, finding, by ?? '') : 'not applied' });
  const left = results.filter((one) => one.left !== null).length;
  const body = { stoppedAt: listed.stoppedAt, payments: results.map(lineOf), left };
  process.stdout.write(flags.json ? `${JSON.stringify(body, null, 2)}\n` : textOf(results));
  return left === 0 ? exitCodes.ok : exitCodes.failed;
}

async function allFindings(asked: AskedPlatform): Promise<Listed> {
  const findings: Finding[] = [];
  for (let cursor = ''; ; ) {
    const answer = await asked.ask((platform) => platform.get(`/restore?limit=100${cursor}`));
    const page = bodyOf(answer);
    findings.push(...page.findings);
    if (page.next === null) return { ...page, findings };
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

function bodyOf(answer: ApiAnswer): Listed {
  if (answer.status !== 200) throw new UsageError(problemText(answer, restoreFlags));
  return answer.body as Listed;
}

/** Resolves with why it was not repaired; null: it was. */
async function repaired(asked: AskedPlatform, { id }: Finding, by: string): Promise<string | null> {
  const path = `/restore/findings/${encodeURIComponent(id)}`;
  const answer = await asked.ask((platform) => platform.send('POST', path, { choice: 'adopt', by }));
  return answer.status === 200 ? null : problemText(answer, restoreFlags);
}

function lineOf({ finding, left }: Reconciled) {
  const { id, kind, difference, vin, serviceId, payment, books } = finding;
  return { id, kind, difference, vin, serviceId, payment, books, left };
}

function textOf(results: readonly Reconciled[]): string {
  if (results.length === 0) return 'nothing differs\n';
  return results
    .map(({ finding, left }) => {
      const { id, difference, books, payment } = finding;
      const ours = books === null ? 'no purchase' : `${books.phase}, ${books.settlement}`;
      const what = `${difference ?? 'payment_without_purchase'}: ${payment?.status ?? 'processing'} there, ${ours} here`;
      return `${id} ${payment?.activationId} ${what}; ${left ?? 'repaired'}\n`;
    })
    .join('');
}
