import { useMemo } from 'preact/hooks';
import type { CourseView, FindingsView, FinishedView } from '../../../moments/run-views.ts';
import type { ReportDiff } from '../../../reports/report-diff.ts';
import { TimelinePair } from '../../../timeline/timeline-pair.tsx';
import { newView } from '../../../timeline/view.ts';
import { Foreign, Problem, Table, Tag } from '../parts/shown.tsx';
import { useAnswer } from '../parts/use-answer.ts';
import { address, goTo } from '../router.ts';

/** Two reports side by side. The address names both, so that a link shows the same comparison. */
export function RunComparison({ reports }: { readonly reports: readonly FinishedView[] }) {
  const { searchParams } = address.value;
  const [before, after] = [searchParams.get('before') ?? '', searchParams.get('after') ?? ''];
  const query = new URLSearchParams({ before, after });
  const { body, problem } = useAnswer<{ readonly findings: FindingsView; readonly diff: ReportDiff | null }>(
    before === '' || after === '' ? null : `/api/runs/compared?${query}`,
    { everyMs: 3_600_000, isLive: false },
  );
  const choose = (name: 'before' | 'after', file: string) => {
    const chosen = new URLSearchParams({ before, after, [name]: file });
    goTo(`/runs?${chosen}`);
  };
  if (reports.length < 2) return null;
  return (
    <>
      <h2>Compare</h2>
      <div class="toolbar">
        {(['before', 'after'] as const).map((name) => (
          <label key={name}>
            {name === 'before' ? 'First' : 'Second'}
            <select
              value={name === 'before' ? before : after}
              onChange={(event) => choose(name, event.currentTarget.value)}
            >
              <option value="">choose a report</option>
              {reports.map(({ file, title }) => (
                <option key={file} value={file}>
                  {title} ({file})
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
      <Problem text={problem} />
      {body === null ? null : <Findings findings={body.findings} />}
      {body?.diff ? <Difference diff={body.diff} /> : null}
      <Timelines
        runs={[before, after].map((file) => reports.find((one) => one.file === file)?.travel ?? null)}
      />
    </>
  );
}

const once = { everyMs: 3_600_000, isLive: false } as const;

/** Both runs on one axis, once a reader asks for them: each is run again for it. */
function Timelines({ runs: [before = null, after = null] }: { readonly runs: readonly (string | null)[] }) {
  const isAsked = address.value.searchParams.has('timelines');
  if (before === null || after === null) return null;
  if (isAsked) return <BothTimelines key={`${before} ${after}`} before={before} after={after} />;
  const ask = () => {
    const query = new URLSearchParams(address.peek().searchParams);
    query.set('timelines', '');
    goTo(`/runs?${query}`);
  };
  return (
    <p>
      <button type="button" onClick={ask}>
        Show both timelines
      </button>
    </p>
  );
}

function BothTimelines({ before, after }: { readonly before: string; readonly after: string }) {
  const pathOf = (file: string) => `/api/runs/${encodeURIComponent(file)}/course`;
  const first = useAnswer<CourseView>(pathOf(before), once);
  const second = useAnswer<CourseView>(pathOf(after), once);
  const courses = [first.body, second.body];
  const [left, right] = useMemo(
    () => courses.map((course) => (course === null ? null : newView(course.timeline))),
    courses,
  );
  const problem = first.problem ?? second.problem;
  if (problem !== null) return <Problem text={problem} />;
  if (!left || !right) return <p class="soft">Running both …</p>;
  return <TimelinePair left={left} right={right} />;
}

function Findings({ findings }: { readonly findings: FindingsView }) {
  const rows = (['new', 'known', 'resolved'] as const).flatMap((kind) =>
    findings[kind].map((name) => ({ kind, name })),
  );
  return (
    <Table
      label="Findings"
      heads={['Finding', 'State']}
      isEmpty={rows.length === 0}
      empty="Nothing is broken in either report."
    >
      {rows.map(({ kind, name }) => (
        <tr key={`${kind} ${name}`}>
          <th scope="row">
            <Foreign text={name} />
          </th>
          <td>
            <Tag tone={kind === 'new' ? 'bad' : kind === 'known' ? 'unsure' : 'good'}>{kind}</Tag>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Difference({ diff }: { readonly diff: ReportDiff }) {
  const { conclusion, figures, purchases } = diff;
  return (
    <>
      <p role="status">
        The second run is{' '}
        <Tag tone={conclusion === 'worse' ? 'bad' : conclusion === 'better' ? 'good' : 'plain'}>
          {conclusion}
        </Tag>
      </p>
      <Table
        label="Figures that differ"
        heads={['Figure', 'First', 'Second', 'Judgement']}
        isEmpty={figures.length === 0}
        empty="Every figure is the same."
      >
        {figures.map(({ name, before, after, isBetter }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number">{before ?? '–'}</td>
            <td class="number">{after ?? '–'}</td>
            <td>{isBetter === null ? '' : isBetter ? 'better' : 'worse'}</td>
          </tr>
        ))}
      </Table>
      {purchases.length === 0 ? null : (
        <Table label="Purchases that differ" heads={['Purchase', 'First', 'Second']} isEmpty={false} empty="">
          {purchases.map(({ purchase, before, after }) => (
            <tr key={purchase}>
              <th scope="row">
                <Foreign text={purchase} />
              </th>
              <td>{before}</td>
              <td>{after}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}
