import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, messageOf } from '../api.ts';
import { CopyText } from '../parts/copy-text.tsx';
import { Foreign } from '../parts/shown.tsx';
import { words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { draftOf, emptyDraft, type FaultDraft, recordOfDraft, typeOf } from './fault-draft.ts';
import { commandOf, type FaultRecordFields, yamlOf } from './fault-record.ts';
import { channelTypes, type FaultAttribute, faultTypes } from './fault-types.ts';

interface Preview {
  readonly vehicles: number;
  readonly candidates: number;
  readonly vins: readonly string[];
}

interface Props {
  readonly draft: FaultDraft;
  readonly isEdited: boolean;
  readonly onChange: (draft: FaultDraft) => void;
  readonly onCancel: () => void;
  readonly onAdd: (record: FaultRecordFields) => Promise<void>;
}

/** Describes a fault, shows which vehicles it will be on, and the same as a command and as a part of a scenario. */
export function FaultForm({ draft, isEdited, onChange, onCancel, onAdd }: Props) {
  const { layer, attributes } = typeOf(draft.type);
  const record = recordOfDraft(draft);
  const set = (changes: Partial<FaultDraft>) => onChange({ ...draft, ...changes });
  return (
    <section aria-labelledby="fault-form-head" id="fault-form">
      <h2 id="fault-form-head">{isEdited ? 'Change the fault' : 'Add a fault'}</h2>
      <Presets onChoose={(preset) => onChange(draftOf(preset))} />
      <div class="columns wide">
        <form
          class="card form two"
          onSubmit={(event) => {
            event.preventDefault();
            void onAdd(record);
          }}
        >
          <Field label="Type">
            <select
              value={draft.type}
              onChange={(event) => onChange({ ...emptyDraft, type: event.currentTarget.value })}
            >
              {['link', 'message', 'vehicle', 'services'].map((group) => (
                <optgroup key={group} label={group}>
                  {faultTypes
                    .filter((one) => one.layer === group)
                    .map((one) => (
                      <option key={one.type} value={one.type}>
                        {words(one.type)}: {one.text}
                      </option>
                    ))}
                </optgroup>
              ))}
            </select>
          </Field>
          <Text label="Name" value={draft.name} onInput={(name) => set({ name })} maxLength={64} />
          {attributes.map((attribute) => (
            <Attribute
              key={attribute.name}
              attribute={attribute}
              value={draft.attributes[attribute.name] ?? attribute.value}
              onInput={(value) => set({ attributes: { ...draft.attributes, [attribute.name]: value } })}
            />
          ))}
          {layer === 'services' ? (
            <ServiceFields draft={draft} set={set} />
          ) : (
            <VehicleFields draft={draft} set={set} />
          )}
          <Text label="Chance in percent" value={draft.toxicity} onInput={(toxicity) => set({ toxicity })} />
          <Text
            label="Begins after seconds"
            value={draft.afterSeconds}
            onInput={(afterSeconds) => set({ afterSeconds })}
          />
          <Text
            label="Lasts seconds"
            value={draft.forSeconds}
            onInput={(forSeconds) => set({ forSeconds })}
          />
          <Text
            label="Again every seconds"
            value={draft.everySeconds}
            onInput={(everySeconds) => set({ everySeconds })}
          />
          <Text label="At most times per vehicle" value={draft.first} onInput={(first) => set({ first })} />
          <div class="actions whole">
            <button type="submit" class="primary">
              {isEdited ? 'Replace the fault' : 'Add the fault'}
            </button>
            {isEdited ? (
              <button type="button" onClick={onCancel}>
                Leave it as it is
              </button>
            ) : null}
          </div>
        </form>
        <div class="card">
          <PreviewText record={record} />
          <CopyText
            label="As a command"
            text={commandOf(record) ?? 'npx fleetwake fault add --file fault.yaml'}
          />
          <CopyText label="In a scenario" text={yamlOf(record)} />
        </div>
      </div>
    </section>
  );
}

interface Part {
  readonly draft: FaultDraft;
  readonly set: (changes: Partial<FaultDraft>) => void;
}

function VehicleFields({ draft, set }: Part) {
  const modes = ['', 'one', 'fixed', 'fixed-percent', 'random-max-percent'];
  return (
    <>
      <Text label="Vehicles (VINs)" value={draft.vins} onInput={(vins) => set({ vins })} />
      <Text label="Models" value={draft.models} onInput={(models) => set({ models })} />
      <Text label="Regions" value={draft.regions} onInput={(regions) => set({ regions })} />
      <Text label="Share of the fleet in percent" value={draft.share} onInput={(share) => set({ share })} />
      <Field label="How many of them">
        <select value={draft.mode} onChange={(event) => set({ mode: event.currentTarget.value })}>
          {modes.map((mode) => (
            <option key={mode} value={mode}>
              {mode === '' ? 'all' : words(mode.replaceAll('-', ' '))}
            </option>
          ))}
        </select>
      </Field>
      {['', 'one'].includes(draft.mode) ? null : (
        <Text label="Number or percent" value={draft.value} onInput={(value) => set({ value })} />
      )}
      <Field label="Begins when a vehicle is">
        <select value={draft.state} onChange={(event) => set({ state: event.currentTarget.value })}>
          {['', 'connected', 'receiving', 'applying', 'answering'].map((state) => (
            <option key={state} value={state}>
              {state === '' ? 'in any state' : state}
            </option>
          ))}
        </select>
      </Field>
    </>
  );
}

function ServiceFields({ draft, set }: Part) {
  if (channelTypes.includes(draft.type)) return null;
  return (
    <>
      <Field label="Service">
        <select value={draft.service} onChange={(event) => set({ service: event.currentTarget.value })}>
          <option value="api_iot">API IoT</option>
          <option value="payments">payments</option>
          <option value="platform">platform</option>
        </select>
      </Field>
      <Text label="Method" value={draft.method} onInput={(method) => set({ method })} />
      <Text label="Path" value={draft.path} onInput={(path) => set({ path })} />
    </>
  );
}

function Attribute({
  attribute: { name, kind },
  value,
  onInput,
}: {
  readonly attribute: FaultAttribute;
  readonly value: string;
  readonly onInput: (value: string) => void;
}) {
  if (kind === 'boolean')
    return (
      <label class="check">
        <input
          type="checkbox"
          checked={value !== ''}
          onChange={(event) => onInput(event.currentTarget.checked ? 'yes' : '')}
        />{' '}
        {name}
      </label>
    );
  if (typeof kind === 'string') return <Text label={name} value={value} onInput={onInput} />;
  return (
    <Field label={name}>
      <select value={value} onChange={(event) => onInput(event.currentTarget.value)}>
        {kind.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </Field>
  );
}

/** Asks who would have the fault, a moment after the last key. */
function PreviewText({ record }: { readonly record: FaultRecordFields }) {
  const [shown, setShown] = useState<{ preview: Preview | null; problem: string | null }>({
    preview: null,
    problem: null,
  });
  const text = JSON.stringify(record);
  useEffect(() => {
    let isOver = false;
    const timer = window.setTimeout(() => {
      call<Preview>('/api/control/faults/preview', { method: 'POST', body: JSON.parse(text) }).then(
        (preview) => isOver || setShown({ preview, problem: null }),
        (error: unknown) => isOver || setShown({ preview: null, problem: messageOf(error) }),
      );
    }, 300);
    return () => {
      isOver = true;
      window.clearTimeout(timer);
    };
  }, [text]);
  const { preview, problem } = shown;
  return (
    <section aria-labelledby="preview">
      <h3 id="preview">Who is hit</h3>
      <p role="status" class={problem === null ? '' : 'bad-text'}>
        {problem !== null ? (
          <Foreign text={problem} />
        ) : record.layer === 'services' ? (
          'Requests of the service.'
        ) : (
          previewText(preview)
        )}
      </p>
      {preview === null || preview.vins.length === 0 ? null : (
        <p class="soft small vins">
          {preview.vins.slice(0, 12).join(' ')}
          {preview.candidates > 12 ? ` … and ${preview.candidates - 12} more` : ''}
        </p>
      )}
    </section>
  );
}

function previewText(preview: Preview | null): string {
  if (preview === null) return '…';
  const { vehicles, candidates } = preview;
  if (vehicles === 1 && candidates === 1) return '1 vehicle.';
  return vehicles === candidates
    ? `${vehicles} vehicles.`
    : `${vehicles} of these ${candidates} vehicles, drawn when it is added.`;
}

interface Presets {
  readonly presets: readonly { readonly scenario: string; readonly record: FaultRecordFields }[];
}

function Presets({ onChoose }: { readonly onChoose: (record: FaultRecordFields) => void }) {
  const { body } = useAnswer<Presets>('/api/fault-presets', { everyMs: 3_600_000, isLive: false });
  const presets = body?.presets ?? [];
  return (
    <p>
      <label class="inline">
        From the library{' '}
        <select
          value=""
          onChange={(event) => {
            const preset = presets[Number(event.currentTarget.value)];
            if (preset !== undefined) onChoose(preset.record);
          }}
        >
          <option value="">choose a fault of a scenario</option>
          {presets.map(({ scenario, record }, index) => (
            <option key={`${scenario} ${record.name}`} value={String(index)}>
              {scenario}: {record.name}
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}

function Field({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label>
      {label}
      {children}
    </label>
  );
}

function Text({
  label,
  value,
  onInput,
  maxLength,
}: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly maxLength?: number;
}) {
  return (
    <Field label={label}>
      <input value={value} maxLength={maxLength} onInput={(event) => onInput(event.currentTarget.value)} />
    </Field>
  );
}
