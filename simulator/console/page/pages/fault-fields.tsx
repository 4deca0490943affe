import { SelectField, TextField } from '../parts/field.tsx';
import { words } from '../parts/text.ts';
import { type FaultDraft, typeOf } from './fault-draft.ts';
import { channelTypes, crashPointTypes, directedTypes, type FaultAttribute } from './fault-types.ts';

export interface FaultPart {
  readonly draft: FaultDraft;
  readonly set: (changes: Partial<FaultDraft>) => void;
}

export function AttributeFields({ draft, set }: FaultPart) {
  return (
    <>
      {typeOf(draft.type).attributes.map((attribute) => (
        <Attribute
          key={attribute.name}
          attribute={attribute}
          value={draft.attributes[attribute.name] ?? attribute.value}
          onInput={(value) => set({ attributes: { ...draft.attributes, [attribute.name]: value } })}
        />
      ))}
      {directedTypes.includes(draft.type) ? (
        <SelectField
          label="Direction"
          value={draft.stream}
          options={[
            ['', 'toward the vehicle'],
            ['upstream', 'from the vehicle'],
          ]}
          onChange={(stream) => set({ stream })}
        />
      ) : null}
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
  if (typeof kind === 'string') return <TextField label={name} value={value} onInput={onInput} />;
  return (
    <SelectField label={name} value={value} options={kind.map((one) => [one, one])} onChange={onInput} />
  );
}

const modes = ['', 'one', 'fixed', 'fixed-percent', 'random-max-percent'];
const states = ['', 'connected', 'receiving', 'applying', 'answering'];

export function VehicleFields({ draft, set }: FaultPart) {
  return (
    <>
      <TextField label="Vehicles (VINs)" value={draft.vins} onInput={(vins) => set({ vins })} />
      <TextField label="Models" value={draft.models} onInput={(models) => set({ models })} />
      <TextField label="Regions" value={draft.regions} onInput={(regions) => set({ regions })} />
      <TextField
        label="Share of the fleet in percent"
        value={draft.share}
        onInput={(share) => set({ share })}
      />
      <SelectField
        label="How many of them"
        value={draft.mode}
        options={modes.map((mode) => [mode, mode === '' ? 'all' : words(mode.replaceAll('-', ' '))])}
        onChange={(mode) => set({ mode })}
      />
      {['', 'one'].includes(draft.mode) ? null : (
        <TextField label="Number or percent" value={draft.value} onInput={(value) => set({ value })} />
      )}
      <SelectField
        label="Begins when a vehicle is"
        value={draft.state}
        options={states.map((state) => [state, state === '' ? 'in any state' : state])}
        onChange={(state) => set({ state })}
      />
      {typeOf(draft.type).layer === 'message' ? <CommandFields draft={draft} set={set} /> : null}
    </>
  );
}

function CommandFields({ draft, set }: FaultPart) {
  const { commandFeature, commandKind, commandFrom, commandTo } = draft;
  return (
    <>
      <TextField
        label="Only commands of the feature"
        value={commandFeature}
        onInput={(feature) => set({ commandFeature: feature })}
      />
      {commandFeature === '' ? null : (
        <>
          <SelectField
            label="Kind of command"
            value={commandKind || 'activation'}
            options={['activation', 'deactivation'].map((kind) => [kind, kind])}
            onChange={(kind) => set({ commandKind: kind })}
          />
          <TextField
            label="From its command number"
            value={commandFrom}
            onInput={(from) => set({ commandFrom: from })}
          />
          <TextField
            label="To its command number"
            value={commandTo}
            onInput={(to) => set({ commandTo: to })}
          />
        </>
      )}
    </>
  );
}

export function ServiceFields({ draft, set }: FaultPart) {
  if (channelTypes.includes(draft.type))
    return (
      <TextField
        label="Only recipients with this text"
        value={draft.recipient}
        onInput={(recipient) => set({ recipient })}
      />
    );
  return (
    <>
      <SelectField
        label="Service"
        value={draft.service}
        options={[
          ['api_iot', 'API IoT'],
          ['payments', 'payments'],
          ['platform', 'platform'],
        ]}
        onChange={(service) => set({ service })}
      />
      <TextField label="Method" value={draft.method} onInput={(method) => set({ method })} />
      <TextField label="Path" value={draft.path} onInput={(path) => set({ path })} />
      <TextField
        label="Only the purchase number"
        value={draft.purchase}
        onInput={(purchase) => set({ purchase })}
      />
    </>
  );
}

/** When the fault acts, and how often. */
export function TimeFields({ draft, set }: FaultPart) {
  const { layer } = typeOf(draft.type);
  if (crashPointTypes.includes(draft.type)) return null;
  const after = (
    <TextField
      label="Begins after seconds"
      value={draft.afterSeconds}
      onInput={(afterSeconds) => set({ afterSeconds })}
    />
  );
  const every = (
    <TextField
      label="Again every seconds"
      value={draft.everySeconds}
      onInput={(everySeconds) => set({ everySeconds })}
    />
  );
  if (layer === 'component')
    return (
      <>
        {after}
        {every}
        <TextField label="Times in all" value={draft.times} onInput={(times) => set({ times })} />
      </>
    );
  return (
    <>
      <TextField label="Chance in percent" value={draft.toxicity} onInput={(toxicity) => set({ toxicity })} />
      {after}
      <TextField
        label="Lasts seconds"
        value={draft.forSeconds}
        onInput={(forSeconds) => set({ forSeconds })}
      />
      {every}
      {layer === 'link' || layer === 'vehicle' ? null : (
        <TextField label="From the time number" value={draft.from} onInput={(from) => set({ from })} />
      )}
      <TextField label="At most times per vehicle" value={draft.first} onInput={(first) => set({ first })} />
    </>
  );
}
