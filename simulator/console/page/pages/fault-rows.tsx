import { visibleLine } from '../../../../shared/protocol/plain-text.ts';
import { Foreign, Table, Tag, type Tone } from '../parts/shown.tsx';
import { clockText, spanText, words } from '../parts/text.ts';
import type { FaultView } from './fault-record.ts';

interface RowActions {
  readonly onRemove: (fault: FaultView) => void;
  readonly onPause: (fault: FaultView) => void;
  readonly onEdit: (fault: FaultView) => void;
}

/** Faults that there are. Without `actions` none can be changed. */
export function FaultTable({
  faults,
  actions,
}: {
  readonly faults: readonly FaultView[];
  readonly actions: RowActions | null;
}) {
  return (
    <Table
      label="Faults"
      heads={['Fault', 'Target', 'Time', 'Took effect', 'Actions']}
      isEmpty={faults.length === 0}
      empty="No fault runs."
    >
      {faults.map((fault) => (
        <Row key={fault.id} fault={fault} actions={actions} />
      ))}
    </Table>
  );
}

const tones: Readonly<Record<FaultView['state'], Tone>> = {
  ...{ active: 'bad', waiting: 'unsure', triggered: 'unsure', over: 'plain', removed: 'plain' },
};

function Row({ fault, actions }: { readonly fault: FaultView; readonly actions: RowActions | null }) {
  const { state, remainingMs, struck } = fault;
  const name = visibleLine(fault.name);
  return (
    <tr>
      <FaultHead fault={fault} />
      <td>{placeOf(fault)}</td>
      <td>
        <Tag tone={tones[state]}>{state}</Tag>{' '}
        <span class="soft small">
          {remainingMs === null ? '' : `${spanText(remainingMs)} ${state === 'waiting' ? 'to go' : 'left'}`}
        </span>
      </td>
      <td class="number">{struck}</td>
      <td class="actions">
        {actions === null ? null : (
          <>
            <button type="button" onClick={() => actions.onEdit(fault)} aria-label={`Edit ${name}`}>
              Edit
            </button>
            <button type="button" onClick={() => actions.onPause(fault)} aria-label={`Pause ${name}`}>
              Pause
            </button>
            <button
              type="button"
              class="danger"
              onClick={() => actions.onRemove(fault)}
              aria-label={`Remove ${name}`}
            >
              Remove
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

function FaultHead({ fault: { name, layer, type } }: { readonly fault: FaultView }) {
  return (
    <th scope="row">
      <Foreign text={name} />
      <div class="soft small">
        {layer} · {words(type)}
      </div>
    </th>
  );
}

function placeOf({ layer, target, vehicles, vins }: FaultView) {
  if (layer === 'services') return words(target?.service ?? 'the service');
  const [first] = vins;
  if (vehicles === 1 && first !== undefined) return <a href={`/fleet/${first}`}>{first}</a>;
  return `${vehicles} vehicles`;
}

/** Removed faults that are shown. */
const removedShownMax = 20;

/** Faults that were removed, newest first, with their time. Without `onAdd` none comes back. */
export function RemovedFaults({
  faults,
  onAdd,
}: {
  readonly faults: readonly FaultView[];
  readonly onAdd: ((fault: FaultView) => void) | null;
}) {
  if (faults.length === 0) return null;
  return (
    <section aria-labelledby="removed">
      <h2 id="removed">Removed</h2>
      <Table
        label="Removed faults"
        heads={['Fault', 'Target', 'From', 'To', 'Took effect', 'Actions']}
        isEmpty={false}
        empty=""
      >
        {faults
          .toReversed()
          .slice(0, removedShownMax)
          .map((fault) => (
            <tr key={fault.id}>
              <FaultHead fault={fault} />
              <td>{placeOf(fault)}</td>
              <td>{clockText(fault.addedAt)}</td>
              <td>{clockText(fault.removedAt ?? fault.addedAt)}</td>
              <td class="number">{fault.struck}</td>
              <td class="actions">
                {onAdd === null ? null : (
                  <button
                    type="button"
                    onClick={() => onAdd(fault)}
                    aria-label={`Add again ${visibleLine(fault.name)}`}
                  >
                    Add again
                  </button>
                )}
              </td>
            </tr>
          ))}
      </Table>
    </section>
  );
}
