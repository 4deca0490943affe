import { signal } from '@preact/signals';
import { Foreign } from '../parts/shown.tsx';
import { words } from '../parts/text.ts';
import type { FaultRecordFields } from './fault-record.ts';

/** Faults that were paused here: they are kept in this window, and added again when they resume. */
export const paused = signal<readonly FaultRecordFields[]>([]);

export function PausedFaults({ onResume }: { readonly onResume: (record: FaultRecordFields) => void }) {
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
