import { useEffect, useState } from 'preact/hooks';
import { call, messageOf } from '../api.ts';
import { Foreign } from '../parts/shown.tsx';
import type { FaultRecordFields } from './fault-record.ts';

interface Preview {
  readonly vehicles: number;
  readonly candidates: number;
  readonly vins: readonly string[];
}

/** Asks who would have the fault, a moment after the last key. */
export function FaultPreview({ record }: { readonly record: FaultRecordFields }) {
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
      <h3 id="preview">Affected vehicles</h3>
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
