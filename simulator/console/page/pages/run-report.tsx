import type { RunsView } from '../../../moments/run-views.ts';
import { CopyText } from '../parts/copy-text.tsx';
import { Foreign, Problem, Table, Tag } from '../parts/shown.tsx';
import { words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';

/** What both kinds of reports may have; another version of the product may have written the file. */
interface ShownReport {
  readonly scenario?: string;
  readonly description?: string | null;
  readonly seed: number | null;
  readonly ok: boolean;
  readonly replay?: string;
  readonly outcomes?: Readonly<Record<string, number>>;
  readonly checks?: readonly {
    readonly id: number;
    readonly title: string;
    readonly ok: boolean;
    readonly examined: number;
    readonly violations: readonly string[];
  }[];
  readonly expectations?: readonly { readonly text: string; readonly ok: boolean; readonly found: string }[];
  readonly activations?: readonly {
    readonly purchase: string;
    readonly outcome: string;
    readonly attempts: number;
  }[];
  readonly runs?: number;
  readonly failures?: readonly {
    readonly rule: string;
    readonly sentence: string;
    readonly file: string;
    readonly replay: string;
  }[];
}

/** The report of a run or a check, as its file has it. */
export function RunReportPage({ file }: { readonly file: string }) {
  const path = `/api/runs/${encodeURIComponent(file)}/report`;
  const { body, problem } = useAnswer<ShownReport>(path, { everyMs: 3_600_000, isLive: false });
  const { body: runs } = useAnswer<RunsView>('/api/runs', { everyMs: 60_000, isLive: false });
  const travel = runs?.finished.find((one) => one.file === file)?.travel ?? null;
  if (body === null) return <Problem text={problem} />;
  const { scenario, description, seed, ok, replay, outcomes = {}, expectations = [], runs: count } = body;
  return (
    <>
      <p>
        <Tag tone={ok ? 'good' : 'bad'}>{ok ? 'holds' : 'broken'}</Tag>{' '}
        <Foreign text={scenario === undefined ? `check of ${count ?? 0} runs` : scenario} />
        {seed === null ? null : `, seed ${seed}`}
        {travel === null ? null : (
          <>
            {' · '}
            <a href={`/runs/${encodeURIComponent(travel)}/travel`}>Travel in this run</a>
          </>
        )}
      </p>
      {description ? (
        <p class="soft">
          <Foreign text={description} />
        </p>
      ) : null}
      <dl class="pairs">
        {Object.entries(outcomes)
          .filter(([, number]) => number > 0)
          .map(([name, number]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{words(name)}</dt>
              <dd>{number}</dd>
            </div>
          ))}
      </dl>
      <h2>Rules</h2>
      <Verdicts report={body} />
      {expectations.length === 0 ? null : (
        <>
          <h2>Expectations</h2>
          <Table label="Expectations" heads={['Expectation', 'Verdict', 'Found']} isEmpty={false} empty="">
            {expectations.map(({ text, ok: holds, found }) => (
              <tr key={text}>
                <th scope="row">
                  <Foreign text={text} />
                </th>
                <td>
                  <Tag tone={holds ? 'good' : 'bad'}>{holds ? 'holds' : 'broken'}</Tag>
                </td>
                <td>
                  <Foreign text={found} />
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
      <Activations report={body} />
      {replay === undefined ? null : <CopyText label="Run it again" text={`npx ${replay}`} />}
    </>
  );
}

function Verdicts({ report: { checks = [], failures } }: { readonly report: ShownReport }) {
  if (failures !== undefined)
    return (
      <Table
        label="Failures"
        heads={['Rule', 'What happened', 'Replay']}
        isEmpty={failures.length === 0}
        empty="No rule was broken."
      >
        {failures.map(({ rule, sentence, file, replay }) => (
          <tr key={file}>
            <th scope="row">
              <Foreign text={rule} />
            </th>
            <td>
              <Foreign text={sentence} />
            </td>
            <td>
              <code>
                <Foreign text={replay} />
              </code>
            </td>
          </tr>
        ))}
      </Table>
    );
  return (
    <Table
      label="Rules"
      heads={['Rule', 'Verdict', 'Cases']}
      isEmpty={checks.length === 0}
      empty="The report has no rules."
    >
      {checks.map(({ id, title, ok, examined, violations }) => (
        <tr key={id}>
          <th scope="row">
            {id}. <Foreign text={title} />
            {violations.map((sentence) => (
              <div key={sentence} class="bad-text small">
                <Foreign text={sentence} />
              </div>
            ))}
          </th>
          <td>
            <Tag tone={ok ? 'good' : 'bad'}>{ok ? 'holds' : 'broken'}</Tag>
          </td>
          <td class="number">{examined}</td>
        </tr>
      ))}
    </Table>
  );
}

const activationsMax = 200;

function Activations({ report: { activations = [] } }: { readonly report: ShownReport }) {
  if (activations.length === 0) return null;
  const more = activations.length - activationsMax;
  return (
    <>
      <h2>Activations</h2>
      <Table label="Activations" heads={['Purchase', 'Outcome', 'Attempts']} isEmpty={false} empty="">
        {activations.slice(0, activationsMax).map(({ purchase, outcome, attempts }) => (
          <tr key={purchase}>
            <th scope="row">
              <Foreign text={purchase} />
            </th>
            <td>{words(outcome)}</td>
            <td class="number">{attempts}</td>
          </tr>
        ))}
      </Table>
      {more > 0 ? <p class="soft">and {more} more, in the file</p> : null}
    </>
  );
}
