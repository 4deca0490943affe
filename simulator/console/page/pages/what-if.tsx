import { useMemo, useState } from 'preact/hooks';
import type { BranchView, CourseView, EndView } from '../../../moments/run-views.ts';
import { instantText } from '../../../timeline/duration.ts';
import { TimelinePair } from '../../../timeline/timeline-pair.tsx';
import { newView } from '../../../timeline/view.ts';
import { call } from '../api.ts';
import { CopyText } from '../parts/copy-text.tsx';
import { attempt, Foreign, Problem, Table } from '../parts/shown.tsx';
import { words } from '../parts/text.ts';
import { address, goTo } from '../router.ts';
import { examplesOf } from './fault-examples.ts';
import { changeOfText, changeText, type FaultEdit } from './what-if-change.ts';

/** Faults of the run, changed from this moment on, and the run beside its branch. */
export function WhatIf(props: {
  readonly file: string;
  readonly base: string;
  readonly course: CourseView;
  readonly event: number;
}) {
  const { file, base, course, event } = props;
  const { faults } = course;
  const faultText = (number: number) => JSON.stringify(faults[number]?.fault);
  // A link fills the form; the reader runs it.
  const [{ edits, added }, setChange] = useState(() =>
    changeOfText(address.peek().searchParams.get('change'), faultText),
  );
  const setAdded = (text: string) => setChange({ edits, added: text });
  const [branch, setBranch] = useState<{ readonly event: number; readonly view: BranchView } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isRunning, setIsRunning] = useState(false);
  const examples = examplesOf(course.kind);
  const editOf = (number: number) => edits.get(number) ?? { isRemoved: false, text: faultText(number) };
  const edit = (number: number, change: Partial<FaultEdit>) =>
    setChange({ edits: new Map(edits).set(number, { ...editOf(number), ...change }), added });

  async function runOn() {
    setIsRunning(true);
    await attempt(async () => {
      const body = { event, ...changeOf(course, editOf, added) };
      const view = await call<BranchView>(`${base}/branches`, { method: 'POST', body });
      setBranch({ event, view });
      showChange(event, changeText({ edits, added }));
    }, setProblem);
    setIsRunning(false);
  }

  return (
    <section class="card spaced" aria-labelledby="what-if">
      <h2 id="what-if">What if</h2>
      <p class="soft small">
        Change the faults and run the branch. An added fault that does not say when it begins, begins right
        after event {event}.
      </p>
      <Table
        label="Faults of the run"
        heads={['Number', 'Fault', 'Leave out']}
        isEmpty={faults.length === 0}
        empty="The run has no faults."
      >
        {faults.map(({ number }) => (
          <tr key={number}>
            <th scope="row">{number}</th>
            <td>
              <textarea
                rows={2}
                aria-label={`Fault ${number} as JSON`}
                disabled={editOf(number).isRemoved}
                value={editOf(number).text}
                onInput={(input) => edit(number, { text: input.currentTarget.value })}
              />
            </td>
            <td>
              <input
                type="checkbox"
                aria-label={`Leave out fault ${number}`}
                checked={editOf(number).isRemoved}
                onChange={(input) => edit(number, { isRemoved: input.currentTarget.checked })}
              />
            </td>
          </tr>
        ))}
      </Table>
      <div class="form">
        <label>
          Add an example
          <select value="" onChange={(input) => setAdded(examples[input.currentTarget.value] ?? added)}>
            <option value="">choose one</option>
            {Object.keys(examples).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Added fault as JSON
          <textarea rows={3} value={added} onInput={(input) => setAdded(input.currentTarget.value)} />
        </label>
        <div>
          <Problem text={problem} />
          <button type="button" class="primary" disabled={isRunning} onClick={() => void runOn()}>
            {isRunning ? 'Running …' : 'Run the branch'}
          </button>
        </div>
      </div>
      {branch === null ? null : <BranchShown {...branch} />}
      <CopyText label="The same as a command" text={commandOf(file, event, course, editOf, added)} />
    </section>
  );
}

/** Puts the change into the address, so that a link has it. */
function showChange(event: number, change: string | null): void {
  const query = new URLSearchParams({ event: String(event), ...(change === null ? {} : { change }) });
  goTo(`${address.peek().pathname}?${query}`, { isReplacing: true });
}

type EditOf = (number: number) => FaultEdit;

function isEdited({ faults }: CourseView, number: number, { isRemoved, text }: FaultEdit): boolean {
  return !isRemoved && text !== JSON.stringify(faults[number]?.fault);
}

function changeOf(course: CourseView, editOf: EditOf, added: string) {
  const numbers = course.faults.map(({ number }) => number);
  return {
    add: added.trim() === '' ? [] : [parsed('Added fault', added)],
    remove: numbers.filter((number) => editOf(number).isRemoved),
    replace: numbers
      .filter((number) => isEdited(course, number, editOf(number)))
      .map((number) => ({ number, fault: parsed(`Fault ${number}`, editOf(number).text) })),
  };
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name}: write a JSON object such as {"type":"down"}.`);
  }
}

function commandOf(file: string, event: number, course: CourseView, editOf: EditOf, added: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const flags = course.faults.flatMap(({ number }) => {
    const edit = editOf(number);
    if (edit.isRemoved) return [`--remove-fault ${number}`];
    return isEdited(course, number, edit) ? [`--replace-fault ${quoted(`${number}=${edit.text}`)}`] : [];
  });
  const fault = added.trim() === '' ? [] : [`--fault ${quoted(added.trim())}`];
  return ['npx fleetwake replay', file, `--at ${event}`, ...flags, ...fault].join(' ');
}

function BranchShown({ event, view }: { readonly event: number; readonly view: BranchView }) {
  const [left, right] = useMemo(() => view.timelines.map(newView), [view]);
  const { partsAt, isEarly, run, branch } = view;
  return (
    <section aria-label="Run and branch">
      <h3>Branch from event {event}</h3>
      <p role="status">
        {partsAt === null
          ? 'The branch has the same trace: the change had no effect.'
          : `The branch differs from the run from ${instantText(partsAt.atMs)} on.`}
        {isEarly ? ' The change took effect before the moment, so what was before it differs too.' : ''}
      </p>
      <dl class="pairs">
        <dt>The run</dt>
        <dd>{endText(run)}</dd>
        <dt>The branch</dt>
        <dd>{endText(branch)}</dd>
      </dl>
      {left && right ? <TimelinePair left={left} right={right} /> : null}
    </section>
  );
}

function endText({ events, broken, phases }: EndView) {
  const ends = Object.entries(phases).map(([phase, count]) => `${count} ${words(phase)}`);
  return (
    <>
      {events} events, {ends.join(', ') || 'no activation'};{' '}
      {broken === null ? 'no rule was broken' : <Foreign text={broken.rule} />}
    </>
  );
}
