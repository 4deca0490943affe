import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { attempt, Foreign, Id, Problem, Table, Tag } from '../parts/shown.tsx';
import { instantText } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { can } from '../session-state.ts';

interface ParkedEvent {
  readonly id: string;
  readonly type: string;
  /** Empty: an event about money, which has no ticket. */
  readonly ticketId: string;
  readonly tries: number;
  readonly reason: string;
  readonly parkedAt: number;
  /** When an operator asked to send it again; null: no operator did. */
  readonly replayAt: number | null;
}

interface ParkedEvents {
  readonly events: readonly ParkedEvent[];
  /** Since when the receiver wants no event any more, and why; null: it is on. */
  readonly off: { readonly at: number; readonly reason: string } | null;
  readonly next: string | null;
}

/** Ticket events that the receiver of the webhook refused for good, and whether the webhook is switched off. */
export function WebhookEvents() {
  const { body, problem, reload } = useAnswer<ParkedEvents>(
    '/api/platform/webhook-events?status=parked&limit=100',
  );
  const [failure, setFailure] = useState<string | null>(null);
  const act = async (action: string) => {
    await attempt(() => call(`/api/platform/webhook-events/${action}`, { method: 'POST' }), setFailure);
    reload();
  };
  const events = body?.events ?? [];
  const off = body?.off ?? null;
  return (
    <section aria-labelledby="webhook">
      <h2 id="webhook">Failed webhook events</h2>
      <Problem text={failure ?? problem} />
      {off === null ? null : (
        <div class="actions">
          <p>
            <Tag tone="bad">switched off</Tag> since {instantText(off.at)}: <Foreign text={off.reason} />
          </p>
          {can('operations:write') ? (
            <button type="button" onClick={() => void act('resume')}>
              Switch the webhook on
            </button>
          ) : null}
        </div>
      )}
      <Table
        label="List of failed webhook events"
        heads={['Event', 'Ticket', 'Tries', 'Last error', 'Given up', 'Actions']}
        isEmpty={events.length === 0}
        empty="No event was given up."
      >
        {events.map((one) => (
          <tr key={one.id}>
            <th scope="row">
              <Foreign text={one.type} />
              <div class="soft small">{one.id}</div>
            </th>
            <td>{one.ticketId === '' ? '–' : <Id text={one.ticketId} href={`/desk/${one.ticketId}`} />}</td>
            <td class="number">{one.tries}</td>
            <td>
              <Foreign text={one.reason} />
            </td>
            <td>{instantText(one.parkedAt)}</td>
            <td class="actions">
              <Actions event={one} act={act} />
            </td>
          </tr>
        ))}
      </Table>
      {(body?.next ?? null) === null ? null : <p class="soft">The first 100 are shown.</p>}
    </section>
  );
}

function Actions({
  event: { id, replayAt },
  act,
}: {
  readonly event: ParkedEvent;
  readonly act: (action: string) => Promise<void>;
}) {
  if (replayAt !== null) return <span class="soft">is sent again</span>;
  if (!can('operations:write')) return null;
  return (
    <>
      <button type="button" aria-label={`Replay ${id}`} onClick={() => void act(`${id}/replay`)}>
        Replay
      </button>
      <button type="button" class="danger" aria-label={`Drop ${id}`} onClick={() => void act(`${id}/drop`)}>
        Drop
      </button>
    </>
  );
}
