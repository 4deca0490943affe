import { useState } from 'preact/hooks';
import type { FinishedView, RunningView, RunOrder, RunsView } from '../../../moments/run-views.ts';
import { call } from '../api.ts';
import { attempt, Foreign, Problem, Table, Tag } from '../parts/shown.tsx';
import { instantText } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { can } from '../session-state.ts';
import { RunComparison } from './run-comparison.tsx';

/** Runs and checks in virtual time: what is under way, what has finished, and the forms that start one. */
export function Runs() {
  const { body, problem, reload } = useAnswer<RunsView>('/api/runs', { everyMs: 1_000, isLive: false });
  const finished = body?.finished ?? [];
  return (
    <>
      <Problem text={problem} />
      {can('operations:write') && body !== null ? <StartForms view={body} onStarted={reload} /> : null}
      {body === null || body.running.length === 0 ? null : <Running runs={body.running} onEnded={reload} />}
      <h2>Finished</h2>
      {body === null ? null : (
        <p class="soft small">
          From the folder <Foreign text={body.folder} />: reports of runs and checks, saved runs, and failures
          that checks saved.
        </p>
      )}
      <Finished rows={finished} isRead={body !== null} />
      <RunComparison reports={finished.filter(({ kind }) => kind === 'run' || kind === 'check')} />
    </>
  );
}

function StartForms({ view, onStarted }: { readonly view: RunsView; readonly onStarted: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [name, setName] = useState(view.scenarios[0]?.name ?? '');
  const submit = (event: SubmitEvent, orderOf: (text: (name: string) => string) => RunOrder) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const fields = new FormData(event.currentTarget);
    const body = orderOf((field) => String(fields.get(field) ?? '').trim());
    void attempt(() => call('/api/runs', { method: 'POST', body }), setProblem).then(onStarted);
  };
  const described = view.scenarios.find((scenario) => scenario.name === name)?.description ?? '';
  return (
    <div class="columns wide spaced">
      <form
        class="card form two"
        aria-labelledby="start-run"
        onSubmit={(event) =>
          submit(event, (text) => ({ kind: 'run', scenario: text('scenario'), seed: Number(text('seed')) }))
        }
      >
        <h2 id="start-run" class="whole">
          Run a scenario
        </h2>
        <label>
          Scenario
          <select name="scenario" value={name} onChange={(event) => setName(event.currentTarget.value)}>
            {view.scenarios.map((scenario) => (
              <option key={scenario.name}>{scenario.name}</option>
            ))}
          </select>
        </label>
        <label>
          Seed
          <input name="seed" type="number" min="0" max="4294967295" defaultValue="1" required />
        </label>
        <p class="soft small whole">{described}</p>
        <div class="whole">
          <button type="submit" class="primary">
            Run in virtual time
          </button>
        </div>
      </form>
      <form
        class="card form two"
        aria-labelledby="start-check"
        onSubmit={(event) =>
          submit(event, (text) => ({ kind: 'check', seed: Number(text('seed')), runs: Number(text('runs')) }))
        }
      >
        <h2 id="start-check" class="whole">
          Check random test cases
        </h2>
        <label>
          Runs
          <input name="runs" type="number" min="1" max={view.limits.checkRuns} defaultValue="100" required />
        </label>
        <label>
          Seed
          <input name="seed" type="number" min="0" max="9999999" defaultValue="1" required />
        </label>
        <div class="whole">
          <button type="submit" class="primary">
            Check
          </button>
        </div>
      </form>
      <Problem text={problem} />
    </div>
  );
}

function orderText(order: RunOrder): string {
  return order.kind === 'run'
    ? `${order.scenario}, seed ${order.seed}`
    : `check of ${order.runs} runs, seed ${order.seed}`;
}

function Running({ runs, onEnded }: { readonly runs: readonly RunningView[]; readonly onEnded: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const cancel = (id: string) =>
    void attempt(() => call(`/api/runs/${id}`, { method: 'DELETE' }), setProblem).then(onEnded);
  return (
    <>
      <h2>Under way</h2>
      <Problem text={problem} />
      <Table label="Under way" heads={['Run', 'Progress', 'Action']} isEmpty={false} empty="">
        {runs.map(({ id, order, progress, problem: failure }) => (
          <tr key={id}>
            <th scope="row">{orderText(order)}</th>
            <td>{failure === null ? progress : <Problem text={failure} />}</td>
            <td>
              {can('operations:write') ? (
                <button type="button" aria-label={`Cancel ${orderText(order)}`} onClick={() => cancel(id)}>
                  {failure === null ? 'Cancel' : 'Forget'}
                </button>
              ) : null}
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Finished({ rows, isRead }: { readonly rows: readonly FinishedView[]; readonly isRead: boolean }) {
  return (
    <Table
      label="Finished runs"
      heads={['Run', 'Kind', 'Verdict', 'Written', 'Open']}
      isEmpty={isRead && rows.length === 0}
      empty="No report yet. Run a scenario, or write one into the folder: fleetwake run NAME --json FILE --save RUN."
    >
      {rows.map(({ file, kind, title, ok, writtenAt, travel }) => (
        <tr key={file}>
          <th scope="row">
            <Foreign text={title} />
            <div class="soft small">
              <Foreign text={file} />
            </div>
          </th>
          <td>{kind}</td>
          <td>{ok === null ? '–' : <Tag tone={ok ? 'good' : 'bad'}>{ok ? 'holds' : 'broken'}</Tag>}</td>
          <td>{instantText(writtenAt)}</td>
          <td>
            <div class="actions">
              {kind === 'run' || kind === 'check' ? (
                <a href={`/runs/${encodeURIComponent(file)}`} aria-label={`Report of ${title}`}>
                  Report
                </a>
              ) : null}
              {travel === null ? null : (
                <a href={`/runs/${encodeURIComponent(travel)}/travel`} aria-label={`Travel in ${title}`}>
                  Travel
                </a>
              )}
            </div>
          </td>
        </tr>
      ))}
    </Table>
  );
}
