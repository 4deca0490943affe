import { CopyText } from '../parts/copy-text.tsx';
import { Field, TextField } from '../parts/field.tsx';
import { words } from '../parts/text.ts';
import { emptyDraft, type FaultDraft, recordOfDraft, typeOf } from './fault-draft.ts';
import { AttributeFields, ServiceFields, TimeFields, VehicleFields } from './fault-fields.tsx';
import { FaultPreview } from './fault-preview.tsx';
import { commandOf, type FaultRecordFields, yamlOf } from './fault-record.ts';
import { substituteOf } from './fault-substitute.ts';
import { faultLayers, faultTypes } from './fault-types.ts';

interface Props {
  readonly draft: FaultDraft;
  readonly isEdited: boolean;
  readonly onChange: (draft: FaultDraft) => void;
  readonly onCancel: () => void;
  readonly onAdd: (record: FaultRecordFields) => Promise<void>;
}

/** Describes a fault, shows which vehicles it will be on, and the same as a command and as a part of a scenario. */
export function FaultForm({ draft, isEdited, onChange, onCancel, onAdd }: Props) {
  const { layer } = typeOf(draft.type);
  const record = recordOfDraft(draft);
  const set = (changes: Partial<FaultDraft>) => onChange({ ...draft, ...changes });
  const isComponent = layer === 'component';
  return (
    <section aria-labelledby="fault-form-head" id="fault-form">
      <h2 id="fault-form-head">{isEdited ? 'Change the fault' : 'Add a fault'}</h2>
      <div class="columns wide">
        <form
          class="card form two"
          onSubmit={(event) => {
            event.preventDefault();
            if (!isComponent) void onAdd(record);
          }}
        >
          <TypeField draft={draft} onChange={onChange} />
          <TextField label="Name" value={draft.name} onInput={(name) => set({ name })} maxLength={64} />
          <AttributeFields draft={draft} set={set} />
          {layer === 'services' ? <ServiceFields draft={draft} set={set} /> : null}
          {layer === 'services' || isComponent ? null : <VehicleFields draft={draft} set={set} />}
          <TimeFields draft={draft} set={set} />
          <div class="actions whole">
            {isComponent ? (
              <ComponentNote draft={draft} onChange={onChange} />
            ) : (
              <button type="submit" class="primary">
                {isEdited ? 'Replace the fault' : 'Add the fault'}
              </button>
            )}
            {isEdited ? (
              <button type="button" onClick={onCancel}>
                Leave it as it is
              </button>
            ) : null}
          </div>
        </form>
        <div class="card">
          {isComponent ? null : <FaultPreview record={record} />}
          <CopyText label="As a command" text={commandOf(record)} />
          <CopyText label="In a scenario" text={yamlOf(record)} />
        </div>
      </div>
    </section>
  );
}

/** Why a running system does not have the fault, and what comes closest to it there. */
function ComponentNote({ draft, onChange }: Pick<Props, 'draft' | 'onChange'>) {
  const substitute = substituteOf(draft);
  return (
    <>
      <p class="soft small" role="status">
        Only a scenario has this fault: a live run starts its own NATS, and a process for the platform and for
        the API IoT with its broker, which it can stop. In a running system these are one process, with this
        console in it. Copy the fault into a scenario.
      </p>
      {substitute === null ? null : (
        <p class="small">
          What comes closest to it here: {substitute.text}.{' '}
          <button type="button" onClick={() => onChange(substitute.draft)}>
            Fill the form with that
          </button>
        </p>
      )}
    </>
  );
}

function TypeField({ draft, onChange }: Pick<Props, 'draft' | 'onChange'>) {
  return (
    <Field label="Type">
      <select
        value={draft.type}
        onChange={(event) => onChange({ ...emptyDraft, type: event.currentTarget.value })}
      >
        {faultLayers.map((layer) => (
          <optgroup key={layer} label={layer}>
            {faultTypes
              .filter((one) => one.layer === layer)
              .map((one) => (
                <option key={one.type} value={one.type}>
                  {words(one.type)}: {one.text}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </Field>
  );
}
