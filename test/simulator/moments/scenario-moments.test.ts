import { beforeAll, describe, expect, it } from 'vitest';
import type { RunCourse } from '../../../simulator/moments/course.ts';
import { momentText } from '../../../simulator/moments/moment-text.ts';
import type { RunSource } from '../../../simulator/moments/run-source.ts';
import type { Change } from '../../../simulator/moments/run-views.ts';
import { readRunSource } from '../../../simulator/moments/saved-run.ts';
import { scenarioSource, textOfSavedRun } from '../../../simulator/moments/scenario-source.ts';
import { branchOf } from '../../../simulator/moments/what-if.ts';
import { shippedScenario } from '../../../simulator/scenarios/library.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';

const run = { scenario: shippedScenario('expired-token'), seed: 3 };
let source: RunSource;
let course: RunCourse;

beforeAll(async () => {
  source = scenarioSource(run, 'expired-token');
  course = await source.course('run');
});

function changed(change: Change, atMs = 0): RunSource {
  const made = source.changedAt({ atMs }, change);
  if (!made.ok) throw new Error(made.mistakes.join('\n'));
  return made.source;
}

describe('a run of a scenario that is travelled', () => {
  it('is the run that "fleetwake run" makes: observing it changes nothing', async () => {
    const { evidence, events } = await runScenarioVirtually(run);
    expect([course.events, course.run.evidence]).toEqual([events, evidence]);
  });

  it('has the timeline from the first purchase on, and the writes of every database', () => {
    const places = new Set(course.timeline.events.map(({ lane }) => lane));
    for (const lane of ['customer', 'engine', 'nats', 'api_iot', 'vehicle', 'payments', 'notifications'])
      expect(places).toContain(lane);
    expect(course.timeline.events[0]?.atMs).toBeGreaterThanOrEqual(0);
    expect(new Set(course.commits.map(({ store }) => store))).toEqual(
      new Set(['platform', 'apiIot', 'payments']),
    );
    expect(course.marks.every(({ event }, at) => event >= (course.marks[at - 1]?.event ?? 0))).toBe(true);
  });

  it('has the same bytes at a moment whenever it is sought, and only the lines up to it', async () => {
    const once = await source.momentAt(300);
    expect([once.event, once.isEnd]).toEqual([300, false]);
    const again = await scenarioSource(structuredClone(run), 'again').momentAt(300);
    expect(JSON.stringify(again)).toBe(JSON.stringify(once));
    const later = course.marks.find(({ event }) => event > 300);
    expect(Number(later?.id.slice(1))).toBeGreaterThanOrEqual(once.lines);
    expect(later?.atMs).toBeGreaterThanOrEqual(once.atMs);
  });

  it('at the end is what the whole run has as evidence', async () => {
    const { state, isEnd, event, traceHash } = await source.momentAt(Number.MAX_SAFE_INTEGER);
    const { evidence } = course.run;
    expect([isEnd, event, traceHash]).toEqual([true, course.events, course.run.traceHash]);
    expect(state.database).toEqual(evidence.database);
    expect(state.ledger).toEqual(evidence.ledger);
    expect(state.vehicles).toEqual(evidence.vehicles);
  });

  it('before anything has happened is empty', async () => {
    const { event, state } = await source.momentAt(0);
    expect([event, state.vehicles, state.database.purchases]).toEqual([0, [], []]);
  });

  it('is written to a file that makes it again', async () => {
    const reading = readRunSource(textOfSavedRun({ about: 'expired-token, seed 3', ...run }), 'file');
    if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
    expect((await reading.source.course('file')).run.traceHash).toBe(course.run.traceHash);
  });

  it('shows the numbers of its faults with the moment', async () => {
    const text = momentText(await source.momentAt(100), source.faults);
    expect(text).toContain('\nfaults of the run:\n  0 {"');
  });
});

describe('a branch of a scenario', () => {
  it('with a fault is the same up to the moment, and ends differently', async () => {
    const bought = course.marks.find(({ lane }) => lane === 'notifications');
    const moment = await source.momentAt(bought?.event ?? 0);
    const fault = { type: 'offline', layer: 'link' };
    const other = changed({ add: [fault] }, moment.atMs);
    expect(other.faults.at(-1)?.fault).toMatchObject({
      ...fault,
      name: 'what-if-1',
      schedule: { afterMs: moment.atMs + 1 },
    });
    const { partsAt, isEarly, course: branch } = await branchOf(course, moment, other);
    expect(isEarly).toBe(false);
    expect(partsAt?.line).toBeGreaterThanOrEqual(moment.lines);
    expect(branch.run.trace.slice(0, moment.lines)).toEqual(course.run.trace.slice(0, moment.lines));
    const failed = (of: RunCourse) =>
      of.run.evidence.database.activations.filter(({ phase }) => phase === 'failed').length;
    expect(failed(branch)).toBeGreaterThan(failed(course));
    // The branch as a file makes the branch again.
    const reading = readRunSource(other.fileText(), 'branch');
    if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
    expect((await reading.source.course('branch')).run.traceHash).toBe(branch.run.traceHash);
  });

  it('takes a fault of a component', () => {
    const other = changed({ add: [{ type: 'nats_wiped', attributes: {} }] }, 41);
    expect(other.faults.at(-1)).toMatchObject({
      list: 'faults.parts',
      fault: { type: 'nats_wiped', schedule: { afterMs: 42 } },
    });
  });

  it('without a change, or without a fault, is another run only where the fault took effect', async () => {
    const moment = await source.momentAt(0);
    expect((await branchOf(course, moment, changed({}))).partsAt).toBeNull();
    const without = changed({ remove: [0] });
    expect(without.faults).toHaveLength(source.faults.length - 1);
    expect((await branchOf(course, moment, without)).partsAt).not.toBeNull();
  });

  it('is refused with a sentence for a fault that there is not', () => {
    expect(source.changedAt({ atMs: 5 }, { add: [{ type: 'ofline', layer: 'link' }] })).toMatchObject({
      ok: false,
    });
    expect(
      source.changedAt(
        { atMs: 5 },
        { add: [{ type: 'server_error', target: { service: 'api_iot' }, schedule: { forMs: -1 } }] },
      ),
    ).toEqual({ ok: false, mistakes: ['fault.schedule.forMs: write at least 1'] });
    expect(source.changedAt({ atMs: 5 }, { remove: [9] })).toMatchObject({ ok: false });
  });
});
