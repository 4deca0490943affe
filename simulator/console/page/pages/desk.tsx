import { useState } from 'preact/hooks';
import { ticketStates } from '../../../../gateway/support/ticket-work.ts';
import { call } from '../api.ts';
import { attempt, Foreign, Id, Problem, Table, Tag } from '../parts/shown.tsx';
import { instantText, moneyText, spanText, words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { can } from '../session-state.ts';
import { Disputes } from './disputes.tsx';
import { operatorName } from './operator-name.ts';
import { SettlementForm } from './settlement-form.tsx';
import type { DeadNotification, OpenSettlement, TicketView } from './ticket-types.ts';
import { WebhookEvents } from './webhook-events.tsx';

/** `closed` is a filter of its own. */
const states = ticketStates.filter((state) => state !== 'closed');

/** What people have to end: tickets, notifications that no channel took, and money. */
export function Desk() {
  return (
    <>
      {can('tickets:read') ? <Tickets /> : null}
      {can('operations:read') ? (
        <>
          <DeadNotifications />
          <WebhookEvents />
          {can('operations:write') ? <Operator /> : null}
          <Disputes />
          <Settlements status="unsettled" title="Reversals to settle by hand" />
          <Settlements status="uncollectible" title="Captures to settle by hand" />
        </>
      ) : null}
    </>
  );
}

/** The name under which money is decided. */
function Operator() {
  return (
    <section aria-labelledby="money">
      <h2 id="money">Money</h2>
      <div class="toolbar">
        <label>
          Decide as
          <input
            value={operatorName.value}
            maxLength={64}
            onInput={(event) => {
              operatorName.value = event.currentTarget.value;
            }}
          />
        </label>
      </div>
    </section>
  );
}

function Tickets() {
  const [state, setState] = useState('');
  const [isOverdue, setIsOverdue] = useState(false);
  const [status, setStatus] = useState('open');
  const query = `status=${status}${state === '' ? '' : `&state=${state}`}${isOverdue ? '&overdue=true' : ''}&limit=100`;
  const { body, problem } = useAnswer<{ readonly tickets: readonly TicketView[] }>(
    `/api/platform/tickets?${query}`,
  );
  const tickets = body?.tickets ?? [];
  return (
    <section aria-labelledby="tickets">
      <h2 id="tickets">Tickets</h2>
      <div class="toolbar">
        <label>
          Status
          <select value={status} onChange={(event) => setStatus(event.currentTarget.value)}>
            <option>open</option>
            <option>closed</option>
          </select>
        </label>
        <label>
          State
          <select value={state} onChange={(event) => setState(event.currentTarget.value)}>
            <option value="">any</option>
            {states.map((one) => (
              <option key={one} value={one}>
                {words(one)}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isOverdue}
            onChange={(event) => setIsOverdue(event.currentTarget.checked)}
          />{' '}
          late by the SLA
        </label>
      </div>
      <Problem text={problem} />
      <Table
        label="List of tickets"
        heads={['Ticket', 'Priority', 'State', 'Assignee', 'Service', 'Vehicle', 'Answer due']}
        isEmpty={body !== null && tickets.length === 0}
        empty="No ticket."
      >
        {tickets.map((ticket) => (
          <tr key={ticket.id}>
            <th scope="row">
              <Id text={ticket.id} href={`/desk/${ticket.id}`} />
            </th>
            <td>
              <Tag tone={ticket.priority === 'HIGH' ? 'bad' : 'plain'}>{ticket.priority}</Tag>
            </td>
            <td>{words(ticket.state)}</td>
            <td>{ticket.assignedTo ?? '–'}</td>
            <td>{ticket.serviceId}</td>
            <td>
              <Id text={ticket.vin} href={`/fleet/${ticket.vin}`} />
            </td>
            <td>{ticket.overdue ? <Tag tone="bad">late</Tag> : dueText(ticket)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function dueText({ responseDueAt, status }: TicketView): string {
  const leftMs = responseDueAt - Date.now();
  return status === 'closed' || leftMs < 0 ? instantText(responseDueAt) : `in ${spanText(leftMs)}`;
}

function DeadNotifications() {
  const { body, problem, reload } = useAnswer<{ readonly notices: readonly DeadNotification[] }>(
    '/api/platform/notices?status=dead&limit=100',
  );
  const [failure, setFailure] = useState<string | null>(null);
  const dead = body?.notices ?? [];
  const act = async (id: string, action: string) => {
    await attempt(() => call(`/api/platform/notices/${id}/${action}`, { method: 'POST' }), setFailure);
    reload();
  };
  return (
    <section aria-labelledby="dead">
      <h2 id="dead">Dead notifications</h2>
      <Problem text={failure ?? problem} />
      <Table
        label="List of dead notifications"
        heads={['Notification', 'Channel', 'Customer', 'Tries', 'Last error', 'Actions']}
        isEmpty={dead.length === 0}
        empty="Every notification was accepted by its channel, or still waits."
      >
        {dead.map((one) => (
          <tr key={one.id}>
            <th scope="row">
              {words(one.kind)}
              <div class="soft small">{one.id}</div>
            </th>
            <td>{one.channel}</td>
            <td>
              <Foreign text={one.customerId} />
            </td>
            <td class="number">{one.tries}</td>
            <td>
              <Foreign text={one.lastError ?? ''} />
            </td>
            <td class="actions">
              {can('operations:write') ? (
                <>
                  <button
                    type="button"
                    aria-label={`Send again: ${one.id}`}
                    onClick={() => void act(one.id, 'resend')}
                  >
                    Send again
                  </button>
                  <button
                    type="button"
                    class="danger"
                    aria-label={`Drop ${one.id}`}
                    onClick={() => void act(one.id, 'drop')}
                  >
                    Drop
                  </button>
                </>
              ) : null}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Settlements({
  status,
  title,
}: {
  readonly status: 'unsettled' | 'uncollectible';
  readonly title: string;
}) {
  const { body, problem, reload } = useAnswer<{ readonly settlements: readonly OpenSettlement[] }>(
    `/api/platform/settlements?status=${status}&limit=100`,
  );
  const settlements = body?.settlements ?? [];
  return (
    <section aria-labelledby={status}>
      <h2 id={status}>{title}</h2>
      <Problem text={problem} />
      <Table
        label={status === 'unsettled' ? 'List of reversals' : 'List of captures'}
        heads={['Activation', 'Amount', 'Problem', 'Settle by', 'Decision']}
        isEmpty={settlements.length === 0}
        empty="Nothing to settle."
      >
        {settlements.map((one) => (
          <tr key={one.activationId}>
            <th scope="row">
              <Id text={one.activationId} href={`/activations/${one.activationId}`} />
            </th>
            <td>{moneyText(one.settlement.amountMinor, one.settlement.currency)}</td>
            <td>
              <Foreign text={one.settlement.problem ?? ''} />
            </td>
            <td>
              {one.overdue ? <Tag tone="bad">late</Tag> : null}{' '}
              {one.settlement.settleBy === null ? '' : instantText(one.settlement.settleBy)}
            </td>
            <td>
              {can('operations:write') ? (
                <SettlementForm
                  activationId={one.activationId}
                  amountMinor={one.settlement.amountMinor}
                  currency={one.settlement.currency}
                  decisions={[status === 'unsettled' ? 'paid_back' : 'collected', 'written_off', 'retry']}
                  onDone={reload}
                />
              ) : null}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
