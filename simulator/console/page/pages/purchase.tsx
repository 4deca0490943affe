import { useState } from 'preact/hooks';
import { durationText } from '../../../../gateway/catalogue/service.ts';
import { call } from '../api.ts';
import { attempt, Foreign, Id, Problem, Tag } from '../parts/shown.tsx';
import { clockText, instantText, moneyText, words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { can } from '../session-state.ts';
import { type PurchaseView, purchaseTone, type RecordLine } from './purchase-types.ts';

/** One purchase, followed until it has ended, with its history. */
export function Purchase({ id }: { readonly id: string }) {
  const path = `/api/platform/purchases/${encodeURIComponent(id)}`;
  const { body, problem, reload } = useAnswer<PurchaseView>(path, { everyMs: 2_000 });
  const [failure, setFailure] = useState<string | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  if (body === null) return problem === null ? <p class="soft">Loading …</p> : <Problem text={problem} />;
  const canCancel = can('purchases:write') && ['pending', 'active'].includes(body.status);

  async function cancel() {
    await attempt(() => call(`${path}/cancel`, { method: 'POST', body: {} }), setFailure);
    setIsAsking(false);
    reload();
  }

  return (
    <>
      <Problem text={failure ?? problem} />
      <div class="card spaced">
        <div class="head">
          <h2>
            <Foreign text={body.serviceName} />
          </h2>
          <span role="status">
            <Tag tone={purchaseTone(body.status)}>{words(body.serviceStatus ?? body.status)}</Tag>
          </span>
        </div>
        <dl class="pairs">
          <dt>Purchase</dt>
          <dd>
            <Id text={body.id} />
          </dd>
          <dt>Customer</dt>
          <dd>
            <Foreign text={body.customerId} />
          </dd>
          <dt>Vehicle</dt>
          <dd>
            <Id text={body.vin} href={`/fleet/${body.vin}`} />
          </dd>
          <dt>Duration and price</dt>
          <dd>
            {durationText(body.duration)}, {moneyText(body.price.amountMinor, body.price.currency)}
          </dd>
          <dt>Activation</dt>
          <dd>
            <Id text={body.activation.id} href={`/activations/${body.activation.id}`} />{' '}
            {words(body.activation.phase)}
          </dd>
          <dt>Money</dt>
          <dd>{words(body.activation.settlement ?? 'none')}</dd>
          <dt>Bought</dt>
          <dd>{instantText(body.createdAt)}</dd>
          {body.ticketId === null ? null : (
            <>
              <dt>Ticket</dt>
              <dd>
                <Id text={body.ticketId} href={`/desk/${body.ticketId}`} />
              </dd>
            </>
          )}
        </dl>
        {canCancel ? (
          <div class="actions spaced">
            {isAsking ? (
              <>
                <button type="button" class="danger" onClick={() => void cancel()}>
                  Cancel the purchase
                </button>
                <button type="button" onClick={() => setIsAsking(false)}>
                  Keep it
                </button>
              </>
            ) : (
              <button type="button" class="danger" onClick={() => setIsAsking(true)}>
                Cancel …
              </button>
            )}
          </div>
        ) : null}
      </div>
      <History path={path} />
    </>
  );
}

function History({ path }: { readonly path: string }) {
  const [view, setView] = useState<'support' | 'customer'>('support');
  const { body, problem } = useAnswer<{ readonly events: readonly RecordLine[] }>(
    `${path}/record?limit=100&view=${view}`,
    { everyMs: 4_000 },
  );
  return (
    <section class="card" aria-labelledby="history">
      <div class="head">
        <h2 id="history">History</h2>
        <fieldset class="choice" aria-label="View of the history">
          {(['support', 'customer'] as const).map((one) => (
            <label key={one}>
              <input type="radio" name="view" checked={view === one} onChange={() => setView(one)} /> {one}
            </label>
          ))}
        </fieldset>
      </div>
      <Problem text={problem} />
      <ol class="timeline-list">
        {(body?.events ?? []).map((line) => (
          <li key={line.id}>
            <time class="soft small" dateTime={new Date(line.at).toISOString()}>
              {clockText(line.at)}
            </time>
            <div>
              <Foreign text={line.what} />
              <div class="soft small">
                <Foreign text={line.actor} />
                {line.cause === null ? null : (
                  <>
                    {' · '}
                    <Foreign text={line.cause} />
                  </>
                )}
              </div>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
