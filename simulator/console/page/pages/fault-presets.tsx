import { useState } from 'preact/hooks';
import { SelectField } from '../parts/field.tsx';
import { words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import type { FaultRecordFields } from './fault-record.ts';

/** A scenario, and what of it a running system takes. */
interface FaultPreset {
  readonly scenario: string;
  readonly description: string;
  readonly records: readonly FaultRecordFields[];
  readonly leftOut: readonly string[];
}

interface Props {
  /** Fills the form. */
  readonly onUse: (record: FaultRecordFields) => void;
  readonly onAddAll: (scenario: string, records: readonly FaultRecordFields[]) => void;
}

/** The scenarios of the library: each fault fills the form, and all of a scenario are added at once. */
export function FaultPresets({ onUse, onAddAll }: Props) {
  const { body } = useAnswer<{ readonly presets: readonly FaultPreset[] }>('/api/fault-presets', {
    ...{ everyMs: 3_600_000, isLive: false },
  });
  const [chosen, setChosen] = useState('');
  const presets = body?.presets ?? [];
  const preset = presets.find(({ scenario }) => scenario === chosen);
  return (
    <div class="card spaced form">
      <SelectField
        label="From the library"
        value={chosen}
        options={[['', 'choose a scenario'], ...presets.map((one) => [one.scenario, textOf(one)] as const)]}
        onChange={setChosen}
      />
      {preset === undefined ? null : (
        <section aria-label={`Faults of ${preset.scenario}`}>
          <p class="soft small">{preset.description}</p>
          <ul class="plain">
            {preset.records.map((record) => (
              <li key={record.name}>
                {record.name} <span class="soft">{words(record.type)}</span>{' '}
                <button
                  type="button"
                  onClick={() => onUse(record)}
                  aria-label={`Fill the form with ${record.name}`}
                >
                  Fill the form
                </button>
              </li>
            ))}
            {preset.leftOut.map((reason) => (
              <li key={reason} class="soft">
                Not possible in a running system: {reason}.
              </li>
            ))}
          </ul>
          {preset.records.length < 2 ? null : (
            <button type="button" onClick={() => onAddAll(preset.scenario, preset.records)}>
              Add all {preset.records.length}
            </button>
          )}
        </section>
      )}
    </div>
  );
}

function textOf({ scenario, records }: FaultPreset): string {
  return records.length === 0
    ? `${scenario} (none possible here)`
    : `${scenario} (${records.length === 1 ? '1 fault' : `${records.length} faults`})`;
}
