import type { MomentView } from '../../../moments/run-views.ts';
import { instantText } from '../../../timeline/duration.ts';
import { Foreign, Id, Table } from '../parts/shown.tsx';
import { moneyText, words } from '../parts/text.ts';

/** Everything that a virtual system holds at one moment. */
export function MomentTables({
  moment,
  isCurrent,
}: {
  readonly moment: MomentView;
  readonly isCurrent: boolean;
}) {
  const { activations, vehicles, ledger, queues, isEnd } = moment;
  return (
    <section aria-label="State at the moment" aria-busy={!isCurrent}>
      <p class="soft small">
        {isCurrent
          ? `State after event ${moment.event}${isEnd ? ', the last' : ''}`
          : 'Running to the moment …'}
      </p>
      <div class="columns wide">
        <div>
          <h2>Activations</h2>
          <Table
            label="Activations"
            heads={['Activation', 'Service', 'Vehicle', 'Phase', 'Attempts', 'Money']}
            isEmpty={activations.length === 0}
            empty="None yet."
          >
            {activations.map(({ id, kind, service, vin, phase, attempts, money }) => (
              <tr key={id}>
                <th scope="row">
                  <Id text={id} />
                  <div class="soft small">{kind}</div>
                </th>
                <td>
                  <Foreign text={service} />
                </td>
                <td>
                  <Id text={vin} />
                </td>
                <td>{words(phase)}</td>
                <td class="number">{attempts}</td>
                <td>{money === null ? '–' : words(money)}</td>
              </tr>
            ))}
          </Table>
        </div>
        <div>
          <h2>Vehicles</h2>
          <Table
            label="Vehicles"
            heads={['Vehicle', 'State', 'Active features', 'Results waiting']}
            isEmpty={vehicles.length === 0}
            empty="None yet."
          >
            {vehicles.map(({ vin, state, active, resultsWaiting }) => (
              <tr key={vin}>
                <th scope="row">
                  <Id text={vin} />
                </th>
                <td>{state}</td>
                <td>
                  <Foreign text={active.join(', ') || 'none'} />
                </td>
                <td class="number">{resultsWaiting}</td>
              </tr>
            ))}
          </Table>
        </div>
        <div>
          <h2>Ledger</h2>
          <Table
            label="Ledger"
            heads={['Entry', 'Amount', 'Activation']}
            isEmpty={ledger.length === 0}
            empty="No money has moved."
          >
            {ledger.map(({ kind, amountMinor, currency, activationId }, index) => (
              <tr key={String(index)}>
                <th scope="row">{words(kind)}</th>
                <td class="number">{moneyText(amountMinor, currency)}</td>
                <td>
                  <Id text={activationId} />
                </td>
              </tr>
            ))}
          </Table>
        </div>
        <Queues queues={queues} />
      </div>
    </section>
  );
}

function Queues({
  queues: { wakeUps, mqtt, calls, notifications },
}: {
  readonly queues: MomentView['queues'];
}) {
  const rows = [
    ...wakeUps.map((id) => ({ where: 'NATS', what: `wake-up ${id}` })),
    ...Object.entries(mqtt).map(([client, count]) => ({ where: 'MQTT', what: `${count} for ${client}` })),
    ...calls.map(({ name, sinceMs }) => ({ where: 'calls', what: `${name}, since ${instantText(sinceMs)}` })),
    ...(notifications > 0 ? [{ where: 'notifications', what: `${notifications} to be sent` }] : []),
  ];
  return (
    <div>
      <h2>Queues</h2>
      <Table
        label="Queues"
        heads={['Where', 'What waits']}
        isEmpty={rows.length === 0}
        empty="Nothing waits."
      >
        {rows.map(({ where, what }) => (
          <tr key={`${where} ${what}`}>
            <th scope="row">{where}</th>
            <td>
              <Foreign text={what} />
            </td>
          </tr>
        ))}
      </Table>
    </div>
  );
}
