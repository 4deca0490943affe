import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { attempt, Problem } from '../parts/shown.tsx';
import { operatorName } from './operator-name.ts';

/** A way in which an operator may end open money, by the API's name for it. */
export type Decision = 'paid_back' | 'collected' | 'written_off' | 'retry';

const decisionTexts: Readonly<Record<Decision, string>> = {
  paid_back: 'paid back by other means',
  collected: 'collected by other means',
  written_off: 'written off',
  retry: 'try the payment service again',
};

/** What the API needs beside the decision: the reference of a payment, the reason of a loss. */
const textOf: Readonly<Record<Decision, 'Reference' | 'Reason' | null>> = {
  paid_back: 'Reference',
  collected: 'Reference',
  written_off: 'Reason',
  retry: null,
};

/** Ends money that the payment service refused for good, or a dispute. `decisions` are those that are legal now. */
export function SettlementForm({
  activationId,
  amountMinor,
  currency,
  decisions: [first, ...others],
  onDone,
}: {
  readonly activationId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly decisions: readonly [Decision, ...Decision[]];
  readonly onDone: () => void;
}) {
  const [problem, setProblem] = useState<string | null>(null);
  const [chosen, setChosen] = useState<Decision>(first);
  const decisions = [first, ...others];
  // What was legal a moment ago may not be so any more.
  const resolution = decisions.includes(chosen) ? chosen : first;
  const asked = textOf[resolution];

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const text = String(new FormData(event.currentTarget).get('text') ?? '').trim();
    const body = {
      ...{ by: operatorName.value, resolution },
      ...(asked === 'Reference' ? { amountMinor, currency, reference: text } : {}),
      ...(asked === 'Reason' ? { reason: text } : {}),
    };
    await attempt(
      () => call(`/api/platform/settlements/${activationId}/resolve`, { method: 'POST', body }),
      setProblem,
    );
    onDone();
  }

  return (
    <form class="toolbar" aria-label={`Decision on ${activationId}`} onSubmit={(event) => void submit(event)}>
      <label>
        Decision
        <select value={resolution} onChange={(event) => setChosen(event.currentTarget.value as Decision)}>
          {decisions.map((one) => (
            <option key={one} value={one}>
              {decisionTexts[one]}
            </option>
          ))}
        </select>
      </label>
      {asked === null ? null : (
        <label>
          {asked}
          <input name="text" required maxLength={200} />
        </label>
      )}
      <button type="submit">Settle</button>
      <Problem text={problem} />
    </form>
  );
}
