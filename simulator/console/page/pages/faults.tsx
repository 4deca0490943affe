import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { attempt, Foreign, Problem, Table, Tag, type Tone } from '../parts/shown.tsx';
import { spanText, words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { can, session } from '../session-state.ts';
import { draftOf, emptyDraft, type FaultDraft } from './fault-draft.ts';
import { FaultForm } from './fault-form.tsx';
import { FaultPresets } from './fault-presets.tsx';
import { type FaultRecordFields, type FaultView, recordOf } from './fault-record.ts';

/** Faults that were paused here: they are kept in this window, and added again when they resume. */
const paused = signal<readonly FaultRecordFields[]>([]);

interface Undo {
  readonly text: string;
  readonly work: () => Promise<unknown>;
}

const add = (record: FaultRecordFields) =>
  call<FaultView>('/api/control/faults', { method: 'POST', body: record });
/** Adds every fault, or none of them. */
async function addAll(scenario: string, records: readonly FaultRecordFields[]): Promise<Undo> {
  const placed: string[] = [];
  const removeAll = () => Promise.all(placed.map(remove));
  try {
    for (const record of records) placed.push((await add(record)).id);
  } catch (error) {
    await removeAll();
    throw error;
  }
  return { text: `Added ${placed.length} faults of ${scenario}.`, work: removeAll };
}
const remove = (id: string) => call(`/api/control/faults/${encodeURIComponent(id)}`, { method: 'DELETE' });

/** Faults that run, and the form that adds one. */
export function Faults() {
  const hasControl = session.value.state === 'open' && session.value.view.hasControl;
  const { body, problem, reload } = useAnswer<{ readonly faults: readonly FaultView[] }>(
    hasControl ? '/api/control/faults' : null,
    { everyMs: 2_000 },
  );
  const [failure, setFailure] = useState<string | null>(null);
  const [undo, setUndo] = useState<Undo | null>(null);
  const [draft, setDraft] = useState<FaultDraft>(emptyDraft);
  const [edited, setEdited] = useState<string | null>(null);
  if (!hasControl)
    return (
      <p>
        No control of faults is known here. Start the console with <code>--control-url</code> and the data
        folder of the fleet.
      </p>
    );
  const canChange = can('operations:write');

  /** A change, and what undoes it. */
  async function change(work: () => Promise<Undo | null>) {
    await attempt(async () => setUndo(await work()), setFailure);
    reload();
  }
  const faults = body?.faults ?? [];
  const place = (record: FaultRecordFields) =>
    change(async () => {
      const placed = await add(record);
      const before = faults.find(({ id }) => id === edited);
      if (before !== undefined) await remove(before.id);
      setEdited(null);
      const work = async () => {
        await remove(placed.id);
        if (before !== undefined) await add(recordOf(before));
      };
      return { text: `${before === undefined ? 'Added' : 'Replaced'} ${placed.name}.`, work };
    });
  return (
    <>
      <Problem text={failure ?? problem} />
      {undo === null ? null : (
        <p class="message good" role="status">
          <Foreign text={undo.text} />{' '}
          <button
            type="button"
            onClick={() =>
              void change(async () => {
                await undo.work();
                return null;
              })
            }
          >
            Undo
          </button>
        </p>
      )}
      <div class="head">
        <h2>Running</h2>
        {canChange && faults.length > 0 ? (
          <button
            type="button"
            class="danger"
            onClick={() =>
              void change(async () => {
                await call('/api/control/faults', { method: 'DELETE' });
                return {
                  text: `Removed ${faults.length}.`,
                  work: () => Promise.all(faults.map((fault) => add(recordOf(fault)))),
                };
              })
            }
          >
            Remove all
          </button>
        ) : null}
      </div>
      <Table
        label="Faults"
        heads={['Fault', 'Target', 'Time', 'Took effect', 'Actions']}
        isEmpty={faults.length === 0}
        empty="No fault runs."
      >
        {faults.map((fault) => (
          <Row
            key={fault.id}
            fault={fault}
            canChange={canChange}
            onRemove={() =>
              void change(async () => {
                await remove(fault.id);
                return { text: `Removed ${fault.name}.`, work: () => add(recordOf(fault)) };
              })
            }
            onPause={() =>
              void change(async () => {
                await remove(fault.id);
                paused.value = [...paused.value, recordOf(fault)];
                return null;
              })
            }
            onEdit={() => {
              setEdited(fault.id);
              setDraft(draftOf(recordOf(fault)));
              document.getElementById('fault-form')?.scrollIntoView();
            }}
          />
        ))}
      </Table>
      <PausedFaults
        onResume={(record) =>
          void change(async () => {
            await add(record);
            paused.value = paused.value.filter((one) => one !== record);
            return null;
          })
        }
      />
      {canChange ? (
        <>
          <FaultPresets
            onUse={(record) => {
              setDraft(draftOf(record));
              document.getElementById('fault-form')?.scrollIntoView();
            }}
            onAddAll={(scenario, records) => void change(() => addAll(scenario, records))}
          />
          <FaultForm
            draft={draft}
            isEdited={edited !== null}
            onChange={setDraft}
            onCancel={() => {
              setEdited(null);
              setDraft(emptyDraft);
            }}
            onAdd={place}
          />
        </>
      ) : (
        <p class="soft">
          Adding faults needs the scope <code>operations:write</code>.
        </p>
      )}
    </>
  );
}

const tones: Readonly<Record<FaultView['state'], Tone>> = {
  ...{ active: 'bad', waiting: 'unsure', triggered: 'unsure', over: 'plain' },
};

function Row({
  fault,
  canChange,
  onRemove,
  onPause,
  onEdit,
}: {
  readonly fault: FaultView;
  readonly canChange: boolean;
  readonly onRemove: () => void;
  readonly onPause: () => void;
  readonly onEdit: () => void;
}) {
  const { name, type, layer, state, remainingMs, struck } = fault;
  return (
    <tr>
      <th scope="row">
        <Foreign text={name} />
        <div class="soft small">
          {layer} · {words(type)}
        </div>
      </th>
      <td>{placeOf(fault)}</td>
      <td>
        <Tag tone={tones[state]}>{state}</Tag>{' '}
        <span class="soft small">
          {remainingMs === null ? '' : `${spanText(remainingMs)} ${state === 'waiting' ? 'to go' : 'left'}`}
        </span>
      </td>
      <td class="number">{struck}</td>
      <td class="actions">
        {canChange ? (
          <>
            <button type="button" onClick={onEdit} aria-label={`Edit ${name}`}>
              Edit
            </button>
            <button type="button" onClick={onPause} aria-label={`Pause ${name}`}>
              Pause
            </button>
            <button type="button" class="danger" onClick={onRemove} aria-label={`Remove ${name}`}>
              Remove
            </button>
          </>
        ) : null}
      </td>
    </tr>
  );
}

function placeOf({ layer, target, vehicles, vins }: FaultView) {
  if (layer === 'services') return words(target?.service ?? 'the service');
  const [first] = vins;
  if (vehicles === 1 && first !== undefined) return <a href={`/fleet/${first}`}>{first}</a>;
  return `${vehicles} vehicles`;
}

function PausedFaults({ onResume }: { readonly onResume: (record: FaultRecordFields) => void }) {
  if (paused.value.length === 0) return null;
  return (
    <section aria-labelledby="paused">
      <h2 id="paused">Paused in this window</h2>
      <ul class="plain">
        {paused.value.map((record, index) => (
          <li key={`${index} ${record.name}`}>
            <Foreign text={record.name} /> <span class="soft">{words(record.type)}</span>{' '}
            <button type="button" onClick={() => onResume(record)}>
              Resume
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
