import { useState } from 'preact/hooks';
import { Problem, Tag } from '../parts/shown.tsx';
import { moneyText, percentText, spanText, words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { can, session } from '../session-state.ts';
import type { FaultView } from './fault-record.ts';
import { OutcomeChart } from './outcome-chart.tsx';

export interface OverviewAnswer {
  readonly at: number;
  readonly windowMs: number;
  readonly open: readonly { readonly phase: string; readonly count: number }[];
  readonly tickets: { readonly open: number; readonly high: number; readonly overdue: number };
  readonly deadNotices: number;
  readonly openSettlements: number;
  readonly incident: string | null;
  readonly isComplete: boolean;
  readonly purchases: number;
  readonly outcomes: Readonly<Record<'active' | 'failed' | 'cancelled' | 'declined' | 'open', number>>;
  readonly retries: number;
  readonly timeToActiveMs: { readonly p50: number; readonly p95: number } | null;
  readonly money: readonly {
    readonly currency: string;
    readonly heldMinor: number;
    readonly capturedMinor: number;
    readonly returnedMinor: number;
    readonly toSettleMinor: number;
  }[];
  readonly buckets: readonly { readonly from: number; readonly active: number; readonly failed: number }[];
}

interface ModelCounts {
  readonly models: readonly {
    readonly model: string;
    readonly vehicles: number;
    readonly connected: number;
  }[];
}

/** The first page: the state of the fleet and of its activations. */
export function Overview() {
  const hasControl =
    session.value.state === 'open' && session.value.view.hasControl && can('operations:read');
  const [windowMs, setWindowMs] = useState(900_000);
  const overview = useAnswer<OverviewAnswer>(
    can('operations:read') ? `/api/platform/overview?windowMs=${windowMs}` : null,
  );
  const models = useAnswer<ModelCounts>(hasControl ? '/api/control/vehicles?view=models' : null);
  const faults = useAnswer<{ readonly faults: readonly FaultView[] }>(
    hasControl ? '/api/control/faults?view=all' : null,
  );
  if (!can('operations:read'))
    return (
      <p>
        The figures need the scope <code>operations:read</code>, which this session has not.
      </p>
    );
  const { body } = overview;
  return (
    <>
      <Problem text={overview.problem ?? models.problem} />
      <div class="toolbar">
        <label>
          Purchases of the last
          <select
            value={String(windowMs)}
            onChange={(event) => setWindowMs(Number(event.currentTarget.value))}
          >
            {[900_000, 3_600_000, 21_600_000, 86_400_000].map((ms) => (
              <option key={ms} value={String(ms)}>
                {spanText(ms)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {body?.incident ? (
        <p class="message bad" role="alert">
          {body.incident === 'paused'
            ? 'An operator has paused the engine.'
            : `Calls to the API IoT fail for the whole fleet: ${words(body.incident)}.`}{' '}
          Activations wait.
        </p>
      ) : null}
      {body === null ? (
        <p class="soft">Loading …</p>
      ) : (
        <Figures body={body} models={models.body} faults={faults.body?.faults ?? []} />
      )}
    </>
  );
}

function Figures({
  body,
  models,
  faults,
}: {
  readonly body: OverviewAnswer;
  readonly models: ModelCounts | null;
  /** Also those that have ended. */
  readonly faults: readonly FaultView[];
}) {
  const running = faults.filter(({ state }) => state !== 'over' && state !== 'removed');
  const { outcomes, tickets, timeToActiveMs } = body;
  const ended = outcomes.active + outcomes.failed;
  const open = body.open.reduce((sum, { count }) => sum + count, 0);
  const all = models?.models ?? [];
  const vehicles = all.reduce((sum, one) => sum + one.vehicles, 0);
  const connected = all.reduce((sum, one) => sum + one.connected, 0);
  return (
    <>
      <section class="tiles" aria-label="Figures">
        {models === null ? null : (
          <Tile
            label="Vehicles online"
            value={`${connected} of ${vehicles}`}
            note={percentText(connected, vehicles)}
            href="/fleet"
          />
        )}
        <Tile
          label="Open activations"
          value={String(open)}
          note={`${body.purchases} purchases in the last ${spanText(body.windowMs)}`}
          href="/purchases"
        />
        <Tile
          label="Success rate"
          value={percentText(outcomes.active, ended)}
          note={`${outcomes.active} active, ${outcomes.failed} failed`}
        />
        <Tile
          label="Time to active"
          value={timeToActiveMs === null ? '–' : spanText(timeToActiveMs.p50)}
          note={timeToActiveMs === null ? 'none yet' : `95 % within ${spanText(timeToActiveMs.p95)}`}
        />
        <Tile label="Retries" value={String(body.retries)} note="commands beyond the first" />
        <Tile
          label="Tickets"
          value={String(tickets.open)}
          note={`${tickets.high} high, ${tickets.overdue} overdue`}
          tone={tickets.overdue > 0 ? 'bad' : undefined}
          href="/desk"
        />
        <Tile
          label="For an operator"
          value={String(body.deadNotices + body.openSettlements)}
          note={`${body.deadNotices} dead notifications, ${body.openSettlements} settlements`}
          tone={body.deadNotices + body.openSettlements > 0 ? 'bad' : undefined}
          href="/desk"
        />
        <Tile
          label="Faults running"
          value={String(running.length)}
          note={running.length === 0 ? 'none' : 'on purpose'}
          tone={running.length > 0 ? 'unsure' : undefined}
          href="/faults"
        />
      </section>
      {body.isComplete ? null : <p class="soft">The newest 2,000 purchases are counted.</p>}
      <OutcomeChart buckets={body.buckets} until={body.at} faults={faults} />
      <div class="columns">
        <Phases open={body.open} />
        <MoneyList money={body.money} />
        {models === null ? null : <Models models={all} />}
      </div>
    </>
  );
}

function Tile({
  label,
  value,
  note,
  tone,
  href,
}: {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone?: 'bad' | 'unsure' | undefined;
  readonly href?: string;
}) {
  return (
    <div class={`card tile ${tone ?? ''}`}>
      <div class="soft">{href === undefined ? label : <a href={href}>{label}</a>}</div>
      <div class="value">{value}</div>
      <div class="soft small">{note}</div>
    </div>
  );
}

function Phases({ open }: Pick<OverviewAnswer, 'open'>) {
  const most = Math.max(1, ...open.map(({ count }) => count));
  return (
    <section class="card" aria-labelledby="phases">
      <h2 id="phases">Open by phase</h2>
      <ul class="bars">
        {open.map(({ phase, count }) => (
          <li key={phase}>
            <span>{words(phase)}</span>
            <span class="bar" aria-hidden="true">
              <span style={{ width: `${(100 * count) / most}%` }} />
            </span>
            <span class="number">{count}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function MoneyList({ money }: Pick<OverviewAnswer, 'money'>) {
  return (
    <section class="card" aria-labelledby="money">
      <h2 id="money">Money</h2>
      {money.length === 0 ? <p class="soft">No purchase in this time.</p> : null}
      {money.map(({ currency, heldMinor, capturedMinor, returnedMinor, toSettleMinor }) => (
        <dl key={currency} class="pairs">
          <dt>Held</dt>
          <dd>{moneyText(heldMinor, currency)}</dd>
          <dt>Captured</dt>
          <dd>{moneyText(capturedMinor, currency)}</dd>
          <dt>Returned</dt>
          <dd>{moneyText(returnedMinor, currency)}</dd>
          <dt>To settle by hand</dt>
          <dd>
            {toSettleMinor > 0 ? (
              <Tag tone="bad">{moneyText(toSettleMinor, currency)}</Tag>
            ) : (
              moneyText(0, currency)
            )}
          </dd>
        </dl>
      ))}
    </section>
  );
}

function Models({ models }: ModelCounts) {
  return (
    <section class="card" aria-labelledby="models">
      <h2 id="models">Online by model</h2>
      <ul class="bars">
        {models.map(({ model, vehicles, connected }) => (
          <li key={model}>
            <span>{model}</span>
            <span class="bar" aria-hidden="true">
              <span style={{ width: `${(100 * connected) / Math.max(1, vehicles)}%` }} />
            </span>
            <span class="number">
              {connected} of {vehicles}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
