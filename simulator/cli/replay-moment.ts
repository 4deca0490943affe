import { writeFile } from 'node:fs/promises';
import { fieldsOf } from '../../shared/protocol/json.ts';
import { replayPage } from '../check/replay-page.ts';
import { branchText, momentText } from '../moments/moment-text.ts';
import type { RunSource } from '../moments/run-source.ts';
import type { Change } from '../moments/run-views.ts';
import { markedParting } from '../moments/travel.ts';
import { branchOf } from '../moments/what-if.ts';
import { readTimelineFiles } from '../timeline/timeline-files.ts';
import { exitCodes, UsageError } from './exit.ts';

/** The options that change the faults of a run from `--at` on. */
export interface ChangeFlags {
  readonly fault?: readonly string[];
  readonly removeFault?: readonly string[];
  readonly replaceFault?: readonly string[];
}

interface MomentFlags extends ChangeFlags {
  readonly at: string;
  readonly html?: string;
  readonly scenario?: string;
  readonly json?: true;
}

/** Name of an option that changes faults and was given; null: none. */
export function changeFlagOf({
  fault = [],
  removeFault = [],
  replaceFault = [],
}: ChangeFlags): string | null {
  if (fault.length > 0) return '--fault';
  if (removeFault.length > 0) return '--remove-fault';
  return replaceFault.length > 0 ? '--replace-fault' : null;
}

/** `fleetwake replay FILE --at EVENT`: what there is after so many events; with a change, what would have come of it. */
export async function replayMoment(source: RunSource, flags: MomentFlags): Promise<number> {
  const { html, json } = flags;
  if (flags.scenario !== undefined)
    throw new UsageError('--at and --scenario cannot be combined: leave one of them out');
  const changeFlag = changeFlagOf(flags);
  if (html !== undefined && changeFlag === null)
    throw new UsageError(
      '--html with --at shows a run beside its branch: add --fault, --remove-fault or --replace-fault, or leave --at out',
    );
  const event = eventOf(flags.at);
  const change = changeOf(flags);
  const moment = await source.momentAt(event);
  if (changeFlag === null) {
    process.stdout.write(
      json === true ? jsonText({ ...moment, faults: source.faults }) : momentText(moment, source.faults),
    );
    return exitCodes.ok;
  }
  const changed = source.changedAt(moment, change);
  if (!changed.ok)
    throw new UsageError(changed.mistakes.map((mistake) => `${changeFlag}: ${mistake}`).join('\n'));
  const original = await source.course(source.title);
  const branch = await branchOf(original, moment, changed.source);
  const text = `${momentText(moment, source.faults)}${branchText(original, branch)}`;
  const { partsAt, isEarly, course } = branch;
  const [run, other] = [original, course].map(({ broken, events, run: { traceHash, evidence } }) => ({
    ...{ broken, events, traceHash },
    activations: evidence.database.activations.map(({ id, phase }) => ({ id, phase })),
  }));
  const file: unknown = JSON.parse(branch.source.fileText());
  process.stdout.write(
    json === true ? jsonText({ moment, partsAt, isEarly, run, branch: other, ...changedFile(file) }) : text,
  );
  if (html !== undefined)
    await writeFile(
      html,
      replayPage(
        text,
        [markedParting(original.timeline, partsAt), markedParting(course.timeline, partsAt)],
        await readTimelineFiles(),
      ),
    );
  return exitCodes.ok;
}

/** The changed run in the JSON: `schedule` of a test case, `scenario` and `seed` of a scenario. */
function changedFile(file: unknown): Record<string, unknown> {
  const { about: _, ...rest } = file as Record<string, unknown>;
  return rest;
}

function eventOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--at ${text} is not the number of an event: give a whole number from 0`);
}

function changeOf({ fault = [], removeFault = [], replaceFault = [] }: ChangeFlags): Change {
  return {
    add: fault.map((text) => faultOf('--fault', text)),
    remove: removeFault.map((text) => numberOf('--remove-fault', text)),
    replace: replaceFault.map((text) => {
      const [, number = '', json = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
      return { number: numberOf('--replace-fault', number), fault: faultOf('--replace-fault', json) };
    }),
  };
}

function numberOf(flag: string, text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new UsageError(
    `${flag} takes the number of a fault${flag === '--replace-fault' ? ', an equals sign and the fault as JSON' : ''}: the numbers stand at the end of what --at prints`,
  );
}

function faultOf(flag: string, text: string): Record<string, unknown> {
  const fields = fieldsOf(text);
  if (fields !== null) return fields;
  throw new UsageError(
    `${flag} ${text} is not a JSON object: write a fault, for example '{"type":"down","service":"payments","forMs":60000}'`,
  );
}

const jsonText = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
