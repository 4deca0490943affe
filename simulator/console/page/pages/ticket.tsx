import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { attempt, Foreign, Id, Problem, Tag } from '../parts/shown.tsx';
import { instantText, words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { can } from '../session-state.ts';
import { operatorName } from './operator-name.ts';
import { bodyOfMove, legalMoves, type MoveField, pathOfMove, type TicketMove } from './ticket-moves.ts';
import type { TicketDetails } from './ticket-types.ts';

/** One ticket, with what may be done now. */
export function Ticket({ id }: { readonly id: string }) {
  const path = `/api/platform/tickets/${encodeURIComponent(id)}`;
  const { body, problem, reload } = useAnswer<TicketDetails>(path, { everyMs: 3_000 });
  if (body === null) return problem === null ? <p class="soft">Loading …</p> : <Problem text={problem} />;
  return (
    <>
      <Problem text={problem} />
      <div class="columns wide">
        <section class="card" aria-labelledby="state">
          <div class="head">
            <h2 id="state">
              <Id text={body.id} />
            </h2>
            <span role="status">
              <Tag tone={body.status === 'closed' ? 'good' : 'unsure'}>{words(body.state)}</Tag>
            </span>
          </div>
          <dl class="pairs">
            <dt>Priority</dt>
            <dd>
              <Tag tone={body.priority === 'HIGH' ? 'bad' : 'plain'}>{body.priority}</Tag>
            </dd>
            <dt>Assignee</dt>
            <dd>{body.assignedTo ?? '–'}</dd>
            <dt>Purchase</dt>
            <dd>
              {body.purchaseId === null ? (
                '–'
              ) : (
                <Id text={body.purchaseId} href={`/purchases/${body.purchaseId}`} />
              )}
            </dd>
            <dt>Vehicle</dt>
            <dd>
              <Id text={body.vin} href={`/fleet/${body.vin}`} />
            </dd>
            <dt>Opened</dt>
            <dd>{instantText(body.openedAt)}</dd>
            <dt>Answer due</dt>
            <dd>
              {instantText(body.responseDueAt)} {body.overdue ? <Tag tone="bad">late</Tag> : null}
            </dd>
          </dl>
        </section>
        {can('tickets:write') ? <Moves path={path} names={body.moves} onDone={reload} /> : null}
      </div>
      <section class="card spaced" aria-labelledby="fields">
        <h2 id="fields">What is known</h2>
        <dl class="pairs">
          {Object.entries(body.fields).flatMap(([name, value]) => [
            <dt key={`${name} name`}>{words(name)}</dt>,
            <dd key={name}>
              <FieldValue value={value} />
            </dd>,
          ])}
        </dl>
      </section>
    </>
  );
}

function FieldValue({ value }: { readonly value: unknown }) {
  if (value === null) return <span class="soft">–</span>;
  if (typeof value === 'string') return <Foreign text={value} />;
  if (typeof value !== 'object') return <>{String(value)}</>;
  return (
    <details>
      <summary>{Array.isArray(value) ? `${value.length} entries` : Object.keys(value).join(', ')}</summary>
      <pre>{JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}

function Moves({
  path,
  names,
  onDone,
}: {
  readonly path: string;
  readonly names: readonly string[];
  readonly onDone: () => void;
}) {
  const legal = legalMoves(names);
  const [chosen, setChosen] = useState<TicketMove | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const current = legal.find((one) => one === chosen) ?? null;

  async function run(move: TicketMove, given: (field: string) => string) {
    const isDone = await attempt(
      () =>
        call(`${path}/${pathOfMove(move)}`, {
          method: 'POST',
          body: bodyOfMove(move, operatorName.value, given),
          idempotencyKey: crypto.randomUUID(),
        }),
      setProblem,
    );
    if (isDone) setChosen(null);
    onDone();
  }

  return (
    <section class="card" aria-labelledby="moves">
      <h2 id="moves">What may be done now</h2>
      <label class="inline">
        As technician{' '}
        <input
          value={operatorName.value}
          maxLength={64}
          onInput={(event) => (operatorName.value = event.currentTarget.value)}
        />
      </label>
      <div class="actions spaced">
        {legal.map((move) => (
          <button
            key={move.name}
            type="button"
            aria-expanded={move.fields.length === 0 ? undefined : move === current}
            onClick={() => (move.fields.length === 0 ? void run(move, () => '') : setChosen(move))}
          >
            {move.label}
            {move.fields.length === 0 ? '' : ' …'}
          </button>
        ))}
      </div>
      <Problem text={problem} />
      {current === null ? null : (
        <form
          key={current.name}
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            const fields = new FormData(event.currentTarget);
            void run(current, (field) => String(fields.get(field) ?? ''));
          }}
        >
          {current.fields.map((field) => (
            <Field key={field.name} field={field} />
          ))}
          <div class="actions">
            <button type="submit" class="primary">
              {current.label}
            </button>
            <button type="button" onClick={() => setChosen(null)}>
              Leave it
            </button>
          </div>
        </form>
      )}
    </section>
  );
}

function Field({ field: { name, label, kind } }: { readonly field: MoveField }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is one of the three below
    <label>
      {label}
      {kind === 'long' || kind === 'json' ? (
        <textarea name={name} required rows={3} maxLength={2_000} />
      ) : kind === 'instant' ? (
        <input name={name} required type="datetime-local" />
      ) : kind === 'text' ? (
        <input name={name} required maxLength={200} />
      ) : (
        <select name={name}>
          {kind.map((one) => (
            <option key={one} value={one}>
              {words(one)}
            </option>
          ))}
        </select>
      )}
    </label>
  );
}
