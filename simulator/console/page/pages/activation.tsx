import { effect } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { ActivationDetail } from '../../../../gateway/platform/activation-view.ts';
import { eventOfHash, hashOfEvent } from '../../../timeline/event-link.ts';
import { Timeline } from '../../../timeline/timeline.tsx';
import { TimelinePair } from '../../../timeline/timeline-pair.tsx';
import { chooseEvent, type TimelineView } from '../../../timeline/view.ts';
import { messageOf } from '../api.ts';
import { SelectField } from '../parts/field.tsx';
import { Problem } from '../parts/shown.tsx';
import { clockText, words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { address, goTo } from '../router.ts';
import { timelineViewOf } from './activation-source.ts';

interface Loaded {
  readonly view: TimelineView;
  readonly beside: TimelineView | null;
}

/**
 * One activation as a timeline, as it is when the page opens, or when its reader asks again; or two of them on one axis, each
 * from its request on (`?beside=ID`).
 */
export function Activation({ id }: { readonly id: string }) {
  const beside = address.value.searchParams.get('beside') ?? '';
  const [shown, setShown] = useState<Loaded | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const load = () => {
    let isOver = false;
    Promise.all([timelineViewOf(id), beside === '' ? null : timelineViewOf(beside)]).then(
      ([view, other]) => {
        if (isOver) return;
        setProblem(null);
        setShown({ view, beside: other });
      },
      (error: unknown) => isOver || setProblem(messageOf(error)),
    );
    return () => {
      isOver = true;
    };
  };
  useEffect(load, [id, beside]);
  const view = shown?.view ?? null;
  useEffect(() => (view === null ? undefined : followAddress(view)), [view]);
  return (
    <>
      <Problem text={problem} />
      {shown === null ? null : (
        <>
          {shown.beside === null ? (
            <Timeline view={shown.view} linkOf={hashOfEvent} />
          ) : (
            <TimelinePair left={shown.view} right={shown.beside} />
          )}
          <div class="toolbar">
            <Beside id={id} beside={beside} />
            <button type="button" onClick={load}>
              Load again
            </button>
          </div>
        </>
      )}
    </>
  );
}

/** Chooses the activation that is shown below this one; the address names it. */
function Beside({ id, beside }: { readonly id: string; readonly beside: string }) {
  const { body } = useAnswer<{
    readonly activations: readonly Pick<
      ActivationDetail,
      'id' | 'feature' | 'vin' | 'phase' | 'requestedAt'
    >[];
  }>('/api/platform/activations?limit=100', { everyMs: 3_600_000, isLive: false });
  const others = (body?.activations ?? []).filter((one) => one.id !== id);
  const isListed = beside === '' || others.some((one) => one.id === beside);
  return (
    <SelectField
      label="Show beside"
      value={beside}
      options={[
        ['', 'no other activation'],
        ...(isListed ? [] : [[beside, beside] as const]),
        ...others.map(
          ({ id: other, feature, vin, phase, requestedAt }) =>
            [other, `${words(feature)} on ${vin}, ${words(phase)}, ${clockText(requestedAt)}`] as const,
        ),
      ]}
      onChange={(other) => {
        const query = other === '' ? '' : `?beside=${encodeURIComponent(other)}`;
        goTo(`/activations/${encodeURIComponent(id)}${query}`);
      }}
    />
  );
}

/** Chooses the event that the address names, and names the chosen one there. */
function followAddress(view: TimelineView): () => void {
  const follow = () => {
    const named = eventOfHash(window.location.hash);
    if (named !== null) chooseEvent(view, named);
  };
  follow();
  window.addEventListener('hashchange', follow);
  const stop = effect(() => {
    const chosen = view.selected.value;
    if (chosen !== null && eventOfHash(window.location.hash) !== chosen)
      history.replaceState(null, '', hashOfEvent(chosen));
  });
  return () => {
    window.removeEventListener('hashchange', follow);
    stop();
  };
}
