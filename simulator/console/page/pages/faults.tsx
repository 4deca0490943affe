import { useState } from 'preact/hooks';
import { Foreign, Problem } from '../parts/shown.tsx';
import { useAnswer } from '../parts/use-answer.ts';
import { can, session } from '../session-state.ts';
import { draftOf, emptyDraft, type FaultDraft } from './fault-draft.ts';
import { FaultForm } from './fault-form.tsx';
import { FaultPresets } from './fault-presets.tsx';
import { type FaultRecordFields, type FaultView, recordOf } from './fault-record.ts';
import { FaultTable, RemovedFaults } from './fault-rows.tsx';
import { PausedFaults } from './paused-faults.tsx';
import { type Undo, useFaultChanges } from './use-fault-changes.ts';

/** Faults that there are and were, and the form that adds one. */
export function Faults() {
  const hasControl = session.value.state === 'open' && session.value.view.hasControl;
  const { body, problem, reload } = useAnswer<{ readonly faults: readonly FaultView[] }>(
    hasControl ? '/api/control/faults?view=all' : null,
    { everyMs: 2_000 },
  );
  const changes = useFaultChanges(reload);
  const [draft, setDraft] = useState<FaultDraft>(emptyDraft);
  const [edited, setEdited] = useState<FaultView | null>(null);
  if (!hasControl)
    return (
      <p>
        No control of faults is known here. Start the console with <code>--control-url</code> and the data
        folder of the fleet.
      </p>
    );
  const canChange = can('operations:write');
  const all = body?.faults ?? [];
  const faults = all.filter(({ state }) => state !== 'removed');
  const fill = (record: FaultRecordFields) => {
    setDraft(draftOf(record));
    document.getElementById('fault-form')?.scrollIntoView();
  };
  const actions = {
    onRemove: changes.remove,
    onPause: changes.pause,
    onEdit(fault: FaultView) {
      setEdited(fault);
      fill(recordOf(fault));
    },
  };
  return (
    <>
      <Problem text={changes.failure ?? problem} />
      {changes.undo === null ? null : <Done undo={changes.undo} onUndo={changes.undone} />}
      <div class="head">
        <h2>Running</h2>
        {canChange && faults.length > 0 ? (
          <button type="button" class="danger" onClick={() => void changes.removeAll(faults)}>
            Remove all
          </button>
        ) : null}
      </div>
      <FaultTable faults={faults} actions={canChange ? actions : null} />
      <PausedFaults onResume={changes.resume} />
      {canChange ? (
        <>
          <FaultPresets onUse={fill} onAddAll={changes.addAll} />
          <FaultForm
            draft={draft}
            isEdited={edited !== null}
            onChange={setDraft}
            onCancel={() => {
              setEdited(null);
              setDraft(emptyDraft);
            }}
            onAdd={async (record) => {
              // One that has gone meanwhile is not replaced.
              const before = faults.find(({ id }) => id === edited?.id);
              if (await changes.place(record, before)) setEdited(null);
            }}
          />
        </>
      ) : (
        <p class="soft">
          Adding faults needs the scope <code>operations:write</code>.
        </p>
      )}
      <RemovedFaults
        faults={all.filter(({ state }) => state === 'removed')}
        onAdd={canChange ? (fault) => void changes.place(recordOf(fault), undefined) : null}
      />
    </>
  );
}

/** What was done last, and how to undo it. */
function Done({ undo, onUndo }: { readonly undo: Undo; readonly onUndo: (undo: Undo) => void }) {
  return (
    <p class="message good" role="status">
      <Foreign text={undo.text} />{' '}
      <button type="button" onClick={() => onUndo(undo)}>
        Undo
      </button>
    </p>
  );
}
