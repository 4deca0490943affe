import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSaved } from '../../../simulator/check/saved-test-case.ts';
import type { TestCase } from '../../../simulator/check/test-case.ts';
import { courseOfTestCase, type RunCourse } from '../../../simulator/moments/course.ts';
import { momentAt } from '../../../simulator/moments/moment.ts';
import { branchText, momentText } from '../../../simulator/moments/moment-text.ts';
import { stepped } from '../../../simulator/moments/step.ts';
import { testCaseSource } from '../../../simulator/moments/test-case-source.ts';
import { branchOf } from '../../../simulator/moments/what-if.ts';

let testCase: TestCase;
let course: RunCourse;

beforeAll(async () => {
  const reading = readSaved(readFileSync('test/regressions/refusal-heard-late.json', 'utf8'));
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  testCase = reading.saved.schedule;
  course = await courseOfTestCase(testCase, 'run');
});

const markOf = (title: string) => {
  const event = course.timeline.events.find((one) => one.title === title);
  const mark = course.marks.find(({ id }) => id === event?.id);
  if (mark === undefined) throw new Error(`nothing is called ${title}`);
  return mark;
};

describe('a moment of a virtual run', () => {
  it('is the same bytes whenever it is sought', async () => {
    for (const event of [0, 1, 57, 200]) {
      const once = JSON.stringify(await momentAt(testCase, event));
      expect(JSON.stringify(await momentAt(structuredClone(testCase), event))).toBe(once);
    }
  });

  it('has had no more events than were asked for, where each runs alone', async () => {
    const alone = { ...testCase, batchMs: 0 };
    for (const event of [0, 10, 123]) expect((await momentAt(alone, event)).event).toBe(event);
  });

  it('has the lines of the trace up to its event, and no others', async () => {
    const { event, lines, traceHash, isEnd } = await momentAt(testCase, 100);
    expect(isEnd).toBe(false);
    expect(traceHash).not.toBe(course.run.traceHash);
    const later = course.marks.find((mark) => mark.event > event);
    expect(Number(later?.id.slice(1))).toBeGreaterThanOrEqual(lines);
    const earlier = course.marks.findLast((mark) => mark.event <= event);
    expect(Number(earlier?.id.slice(1))).toBeLessThan(lines);
  });

  it('at the end is what the whole run has as evidence', async () => {
    const { state, isEnd, event, traceHash } = await momentAt(testCase, Number.MAX_SAFE_INTEGER);
    const { evidence } = course.run;
    expect([isEnd, event, traceHash]).toEqual([true, course.events, course.run.traceHash]);
    expect(state.database).toEqual(evidence.database);
    expect(state.ledger).toEqual(evidence.ledger);
    expect(state.commands).toEqual(evidence.apiIot);
    expect(state.vehicles).toEqual(evidence.vehicles);
  });

  it('shows the activation as it is then, before and after its command is applied', async () => {
    const applied = markOf('command: heated seats active');
    const phaseAt = async (event: number) =>
      (await momentAt(testCase, event)).state.database.activations.map(({ phase }) => phase)[0];
    expect(await phaseAt(applied.event)).toBe('sending_command');
    expect(await phaseAt(course.events)).toBe('active');
  });

  it('is shown as text with its activations, vehicles, ledger and queues', async () => {
    const text = momentText(await momentAt(testCase, 100));
    expect(text).toMatch(
      /^event 10\d, \+\d+:\d\d\.\d{3} after the first moment of the workload\nactivations:\n {2}act_/,
    );
    for (const title of ['vehicles:', 'ledger:', 'queues:']) expect(text).toContain(`\n${title}\n  `);
  });
});

describe('a step', () => {
  it('leads to the next event, write or thing of a lane, and back', () => {
    const [first, second] = course.commits
      .map(({ event }) => event)
      .filter((event, at, all) => all.indexOf(event) === at);
    expect(stepped(course, 5, 'event', 'forward')).toBe(6);
    expect(stepped(course, 5, 'event', 'back')).toBe(4);
    expect(stepped(course, first ?? 0, 'commit', 'forward')).toBe(second);
    expect(stepped(course, second ?? 0, 'commit', 'back')).toBe(first);
    const ledger = course.marks.filter(({ lane }) => lane === 'payments').map(({ event }) => event);
    expect(stepped(course, 0, 'payments', 'forward')).toBe(ledger[0]);
  });

  it('ends at the beginning and at the end', () => {
    expect(stepped(course, 0, 'event', 'back')).toBe(0);
    expect(stepped(course, course.events, 'event', 'forward')).toBe(course.events);
    expect(stepped(course, course.events, 'support', 'forward')).toBe(course.events);
    expect(stepped(course, 0, 'commit', 'back')).toBe(0);
  });
});

describe('a branch', () => {
  it('without a change ends the same', async () => {
    const moment = await momentAt(testCase, 100);
    const changed = testCaseSource(testCase, 'run').changedAt(moment, {});
    if (!changed.ok) throw new Error(changed.mistakes.join('\n'));
    const branch = await branchOf(course, moment, changed.source);
    expect([branch.partsAt, branch.isEarly]).toEqual([null, false]);
    expect(branch.course.run.traceHash).toBe(course.run.traceHash);
    expect(branchText(course, branch)).toContain('the branch has the same trace: the change had no effect\n');
  });

  it('with a fault is the same up to the moment, and ends differently', async () => {
    const { event } = markOf('e-mail: Recibo: Heated seats para su aurora-2026');
    const moment = await momentAt(testCase, event);
    const fault = { type: 'cut', vehicle: testCase.activations[0]?.vehicle ?? 0, forMs: 21_600_000 };
    const changed = testCaseSource(testCase, 'run').changedAt(moment, { add: [fault] });
    if (!changed.ok) throw new Error(changed.mistakes.join('\n'));
    expect(changed.source.faults.at(-1)?.fault).toEqual({ ...fault, fromMs: moment.atMs + 1 });
    const { partsAt, isEarly, course: other } = await branchOf(course, moment, changed.source);
    expect(isEarly).toBe(false);
    expect(partsAt?.line).toBeGreaterThanOrEqual(moment.lines);
    expect(partsAt?.atMs).toBeGreaterThanOrEqual(moment.atMs);
    expect(other.run.trace.slice(0, moment.lines)).toEqual(course.run.trace.slice(0, moment.lines));
    const phases = ({ run }: RunCourse) => run.evidence.database.activations.map(({ phase }) => phase);
    expect(phases(course)[0]).toBe('active');
    expect(phases(other)[0]).toBe('failed');
  });

  it('without a fault that the run had parts where that fault would have begun', async () => {
    const moment = await momentAt(testCase, 0);
    const changed = testCaseSource(testCase, 'run').changedAt(moment, { remove: [0] });
    if (!changed.ok) throw new Error(changed.mistakes.join('\n'));
    const { partsAt } = await branchOf(course, moment, changed.source);
    expect(course.run.trace[partsAt?.line ?? -1]?.event).toBe('crash');
  });

  it('with a fault in place of another one parts where that one would have begun', async () => {
    const source = testCaseSource(testCase, 'run');
    const moment = await momentAt(testCase, 0);
    const later = { ...source.faults[0]?.fault, nth: 64 };
    const changed = source.changedAt(moment, { replace: [{ number: 0, fault: later }] });
    if (!changed.ok) throw new Error(changed.mistakes.join('\n'));
    expect(changed.source.faults.map(({ fault }) => fault)[0]).toEqual(later);
    expect(changed.source.faults).toHaveLength(source.faults.length);
    const { partsAt } = await branchOf(course, moment, changed.source);
    expect(course.run.trace[partsAt?.line ?? -1]?.event).toBe('crash');
  });

  it('is refused for the number of a fault that the run does not have', () => {
    const { faults, changedAt } = testCaseSource(testCase, 'run');
    const sentence = `fault 12: the faults of the run are 0 to ${faults.length - 1}`;
    for (const change of [{ remove: [12] }, { replace: [{ number: 12, fault: {} }] }])
      expect(changedAt({ atMs: 5 }, change)).toEqual({ ok: false, mistakes: [sentence] });
  });

  it('is refused for a fault that there is not', () => {
    const changed = testCaseSource(testCase, 'run').changedAt(
      { atMs: 5 },
      { add: [{ type: 'down', service: 'nats', forMs: -1 }] },
    );
    expect(changed).toEqual({ ok: false, mistakes: ['fault.forMs: write at least 1'] });
  });
});
