import { writeFile } from 'node:fs/promises';
import { fieldsOf } from '../../shared/protocol/json.ts';
import { replayPage } from '../check/replay-page.ts';
import { courseOfTestCase } from '../console/moments/course.ts';
import { type MomentOptions, momentAt } from '../console/moments/moment.ts';
import { branchText, momentText } from '../console/moments/moment-text.ts';
import { branchOf, changedAt } from '../console/moments/what-if.ts';
import { readTimelineFiles } from '../console/timeline/timeline-files.ts';
import { readTestCaseFile } from './check.ts';
import { exitCodes, UsageError } from './exit.ts';
import { catalogueAt } from './own-subject.ts';

interface MomentFlags {
  readonly at: string;
  readonly catalogue?: string;
  readonly html?: string;
  readonly scenario?: string;
  readonly json?: true;
  readonly fault?: readonly string[];
}

/** `fleetwake replay FILE --at EVENT`: what there is after so many events; with `--fault`, what would have come of it. */
export async function replayMoment(file: string, flags: MomentFlags): Promise<number> {
  const { catalogue, html, json, fault = [] } = flags;
  if (flags.scenario !== undefined)
    throw new UsageError('--at and --scenario cannot be combined: leave one of them out');
  if (html !== undefined && fault.length === 0)
    throw new UsageError('--html with --at shows a run beside its branch: add --fault, or leave --at out');
  const event = eventOf(flags.at);
  const faults = fault.map(faultOf);
  const { schedule } = await readTestCaseFile(file);
  const options: MomentOptions = catalogue === undefined ? {} : { catalogue: catalogueAt(catalogue) };
  const moment = await momentAt(schedule, event, options);
  if (faults.length === 0) {
    process.stdout.write(json === true ? jsonText(moment) : momentText(moment));
    return exitCodes.ok;
  }
  const changed = changedAt(schedule, moment, { add: faults });
  if (!changed.ok) throw new UsageError(changed.mistakes.map((mistake) => `--fault: ${mistake}`).join('\n'));
  const original = await courseOfTestCase(schedule, file, options);
  const branch = await branchOf(original, moment, changed.testCase, options);
  const text = `${momentText(moment)}${branchText(original, branch)}`;
  const { partsAt, isEarly, testCase, course } = branch;
  const ends = [original, course].map(({ broken, events, run }) => ({
    ...{ broken, events, traceHash: run.traceHash },
    activations: run.evidence.database.activations.map(({ id, phase }) => ({ id, phase })),
  }));
  const [run, other] = ends;
  process.stdout.write(
    json === true ? jsonText({ moment, partsAt, isEarly, run, branch: other, schedule: testCase }) : text,
  );
  if (html !== undefined)
    await writeFile(html, replayPage(text, [original.timeline, course.timeline], await readTimelineFiles()));
  return exitCodes.ok;
}

function eventOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--at ${text} is not the number of an event: give a whole number from 0`);
}

function faultOf(text: string): Record<string, unknown> {
  const fields = fieldsOf(text);
  if (fields !== null) return fields;
  throw new UsageError(
    `--fault ${text} is not a JSON object: write a fault, for example '{"type":"down","service":"payments","forMs":60000}'`,
  );
}

const jsonText = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
