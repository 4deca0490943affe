import { Foreign, Id, Problem, Table, Tag } from '../parts/shown.tsx';
import { instantText, moneyText, words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { can } from '../session-state.ts';
import { type Decision, SettlementForm } from './settlement-form.tsx';
import type { DisputedSettlement } from './ticket-types.ts';

/** Payments that customers dispute with their banks, until an operator has ended them. */
export function Disputes() {
  const { body, problem, reload } = useAnswer<{
    readonly settlements: readonly DisputedSettlement[];
    readonly next: string | null;
  }>('/api/platform/settlements?status=disputed&limit=100');
  const disputed = body?.settlements ?? [];
  return (
    <section aria-labelledby="disputed">
      <h2 id="disputed">Disputed payments</h2>
      <Problem text={problem} />
      <Table
        label="List of disputed payments"
        heads={['Activation', 'Amount', 'State', 'Reason', 'Answer by', 'Decision']}
        isEmpty={disputed.length === 0}
        empty="No payment is disputed."
      >
        {disputed.map((one) => (
          <tr key={one.dispute.id}>
            <th scope="row">
              <Id text={one.activationId} href={`/activations/${one.activationId}`} />
              <div class="soft small">{one.dispute.id}</div>
            </th>
            <td>{moneyText(one.dispute.amountMinor, one.dispute.currency)}</td>
            <td>
              <Tag tone={one.dispute.status === 'lost' ? 'bad' : 'unsure'}>
                {one.dispute.status === 'open' ? 'the bank decides' : words(one.dispute.status)}
              </Tag>
            </td>
            <td>
              <Foreign text={words(one.dispute.reason)} />
            </td>
            <td>
              {one.overdue ? <Tag tone="bad">late</Tag> : null} {instantText(one.dispute.settleBy)}
            </td>
            <td>
              <End disputed={one} onDone={reload} />
            </td>
          </tr>
        ))}
      </Table>
      {(body?.next ?? null) === null ? null : <p class="soft">The first 100 are shown.</p>}
    </section>
  );
}

/** The bank decides first; of a service that is not active nothing is due, so that nothing can be collected. */
function End({ disputed, onDone }: { readonly disputed: DisputedSettlement; readonly onDone: () => void }) {
  const { dispute, activationId, phase } = disputed;
  if (dispute.status === 'open') return <span class="soft">Answer or accept it at the payment service.</span>;
  if (!can('operations:write')) return null;
  const decisions: readonly [Decision, ...Decision[]] =
    phase === 'active' ? ['collected', 'written_off'] : ['written_off'];
  const { amountMinor, currency } = dispute;
  return <SettlementForm {...{ activationId, amountMinor, currency, decisions, onDone }} />;
}
