import { useEffect, useState } from 'preact/hooks';
import { call, messageOf } from '../api.ts';
import { Foreign } from '../parts/shown.tsx';
import { words } from '../parts/text.ts';
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
      <h3 id="preview">{record.layer === 'services' ? 'Affected requests' : 'Affected vehicles'}</h3>
      <p role="status" class={problem === null ? '' : 'bad-text'}>
        {problem !== null ? (
          <Foreign text={problem} />
        ) : record.layer === 'services' ? (
          serviceText(record)
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

/** Which calls meet a fault of a service. */
function serviceText({ target = {} }: FaultRecordFields): string {
  const { service, method, path, purchase, recipient } = target;
  if (service === undefined)
    return recipient === undefined
      ? 'Every message of the channel.'
      : `Messages to recipients with ${recipient}.`;
  const calls = [method, path].filter((part) => part !== undefined).join(' ');
  const which = calls === '' ? 'Every request' : `Requests ${calls}`;
  return `${which} to the service ${words(service)}${purchase === undefined ? '' : `, of purchase ${purchase} alone`}.`;
}

function previewText(preview: Preview | null): string {
  if (preview === null) return '…';
  const { vehicles, candidates } = preview;
  if (vehicles === 1 && candidates === 1) return '1 vehicle.';
  return vehicles === candidates
    ? `${vehicles} vehicles.`
    : `${vehicles} of these ${candidates} vehicles, drawn when it is added.`;
}
