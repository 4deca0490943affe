import { useState } from 'preact/hooks';
import { durationText } from '../../../../gateway/catalogue/service.ts';
import { call } from '../api.ts';
import { attempt, Foreign, Id, Problem, Table, Tag } from '../parts/shown.tsx';
import { instantText, moneyText, words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { goTo } from '../router.ts';
import { can } from '../session-state.ts';
import { type PurchaseView, purchaseTone, type ServiceView } from './purchase-types.ts';

/** The newest purchases, and the form that buys. */
export function Purchases() {
  const [cursor, setCursor] = useState<string | null>(null);
  const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const { body, problem } = useAnswer<{
    readonly purchases: readonly PurchaseView[];
    readonly next: string | null;
  }>(`/api/platform/purchases?limit=50${query}`);
  const purchases = body?.purchases ?? [];
  return (
    <>
      <Problem text={problem} />
      {can('purchases:write') ? <BuyForm /> : null}
      <h2>{cursor === null ? 'Newest' : 'Older'}</h2>
      <Table
        label="Purchases"
        heads={['Purchase', 'Service', 'Customer', 'Vehicle', 'Price', 'State', 'Bought']}
        isEmpty={body !== null && purchases.length === 0}
        empty="No purchase yet."
      >
        {purchases.map((one) => (
          <tr key={one.id}>
            <th scope="row">
              <Id text={one.id} href={`/purchases/${one.id}`} />
            </th>
            <td>
              <Foreign text={one.serviceName} />
              <div class="soft small">{durationText(one.duration)}</div>
            </td>
            <td>
              <Foreign text={one.customerId} />
            </td>
            <td>
              <Id text={one.vin} href={`/fleet/${one.vin}`} />
            </td>
            <td>{moneyText(one.price.amountMinor, one.price.currency)}</td>
            <td>
              <Tag tone={purchaseTone(one.status)}>{words(one.status)}</Tag>
              <div class="soft small">{words(one.activation.phase)}</div>
            </td>
            <td>{instantText(one.createdAt)}</td>
          </tr>
        ))}
      </Table>
      <div class="actions">
        {cursor === null ? null : (
          <button type="button" onClick={() => setCursor(null)}>
            Newest
          </button>
        )}
        {body?.next ? (
          <button type="button" onClick={() => setCursor(body.next)}>
            Older
          </button>
        ) : null}
      </div>
    </>
  );
}

const cards = ['visa', 'mastercard', 'chargeDeclined', 'chargeCustomerFail'];

/** Buys as a customer of the vehicle would. */
function BuyForm() {
  const catalogue = useAnswer<{ readonly services: readonly ServiceView[] }>('/api/platform/catalogue', {
    ...{ everyMs: 60_000, isLive: false },
  });
  const services = catalogue.body?.services ?? [];
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setIsSending] = useState(false);
  const [serviceId, setServiceId] = useState('');
  const service = services.find(({ id }) => id === serviceId) ?? services[0];

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement) || service === undefined) return;
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    const vin = text('vin');
    setIsSending(true);
    await attempt(async () => {
      const customerId = text('customer') || (await customerOf(vin));
      const bought = await call<PurchaseView>('/api/platform/purchases', {
        method: 'POST',
        body: {
          ...{ customerId, vin, serviceId: service.id },
          duration: service.offers[Number(text('offer'))]?.duration ?? service.offers[0]?.duration,
          paymentMethod: `pm_card_${text('card')}`,
        },
        idempotencyKey: crypto.randomUUID(),
      });
      goTo(`/purchases/${bought.id}`);
    }, setProblem);
    setIsSending(false);
  }

  return (
    <form class="card form two spaced" aria-labelledby="buy" onSubmit={(event) => void submit(event)}>
      <h2 id="buy" class="whole">
        Buy for a customer
      </h2>
      <label>
        Vehicle (VIN)
        <input name="vin" required maxLength={17} autocomplete="off" />
      </label>
      <label>
        Customer
        <input name="customer" placeholder="that of the vehicle" maxLength={255} autocomplete="off" />
      </label>
      <label>
        Service
        <select value={service?.id ?? ''} onChange={(event) => setServiceId(event.currentTarget.value)}>
          {services.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Duration
        <select name="offer">
          {(service?.offers ?? []).map(({ duration, price }, index) => (
            <option key={durationText(duration)} value={String(index)}>
              {durationText(duration)}, {moneyText(price.amountMinor, price.currency)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Card
        <select name="card">
          {cards.map((card) => (
            <option key={card}>{card}</option>
          ))}
        </select>
      </label>
      <div class="whole">
        <Problem text={problem ?? catalogue.problem} />
        <button type="submit" class="primary" disabled={isSending || service === undefined}>
          {isSending ? 'Buying …' : 'Buy'}
        </button>
      </div>
    </form>
  );
}

async function customerOf(vin: string): Promise<string> {
  const vehicle = await call<{ readonly customerId: string | null }>(
    `/api/platform/vehicles/${encodeURIComponent(vin)}`,
  );
  if (vehicle.customerId === null) throw new Error(`${vin} has no customer: name the customer who buys.`);
  return vehicle.customerId;
}
