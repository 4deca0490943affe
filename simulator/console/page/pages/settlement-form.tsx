import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { attempt, Problem } from '../parts/shown.tsx';
import { operatorName } from './operator-name.ts';
import type { OpenSettlement } from './ticket-types.ts';

/** Ends money that the payment service refused for good. */
export function SettlementForm({
  status,
  settlement: { activationId, settlement },
  onDone,
}: {
  readonly status: 'unsettled' | 'uncollectible';
  readonly settlement: OpenSettlement;
  readonly onDone: () => void;
}) {
  const [problem, setProblem] = useState<string | null>(null);
  const paid = status === 'unsettled' ? 'paid_back' : 'collected';
  const [resolution, setResolution] = useState(paid);
  const needsReference = resolution === paid;

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const text = String(new FormData(event.currentTarget).get('text') ?? '').trim();
    const { amountMinor, currency } = settlement;
    const body = {
      ...{ by: operatorName.value, resolution },
      ...(needsReference
        ? { amountMinor, currency, reference: text }
        : resolution === 'written_off'
          ? { reason: text }
          : {}),
    };
    await attempt(
      () => call(`/api/platform/settlements/${activationId}/resolve`, { method: 'POST', body }),
      setProblem,
    );
    onDone();
  }

  return (
    <form class="toolbar" onSubmit={(event) => void submit(event)}>
      <label>
        Decision
        <select value={resolution} onChange={(event) => setResolution(event.currentTarget.value)}>
          <option value={paid}>
            {status === 'unsettled' ? 'paid back by other means' : 'collected by other means'}
          </option>
          <option value="written_off">written off</option>
          <option value="retry">try the payment service again</option>
        </select>
      </label>
      {resolution === 'retry' ? null : (
        <label>
          {needsReference ? 'Reference' : 'Reason'}
          <input name="text" required maxLength={200} />
        </label>
      )}
      <button type="submit">Settle</button>
      <Problem text={problem} />
    </form>
  );
}
