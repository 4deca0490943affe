import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type Broken, judge } from '../check/judge.ts';
import { replayPage } from '../check/replay-page.ts';
import { runTimeline } from '../check/run-timeline.ts';
import { scenarioOf } from '../check/scenario-of-test-case.ts';
import type { TestCase } from '../check/test-case.ts';
import { timelineOf, timelineText } from '../check/timeline.ts';
import type { RunSource } from '../moments/run-source.ts';
import { isSavedRun, readRunSource } from '../moments/saved-run.ts';
import type { Timeline } from '../timeline/event.ts';
import { readTimelineFiles } from '../timeline/timeline-files.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import { testCaseOf } from './check.ts';
import { exitCodes, UsageError } from './exit.ts';
import { textOfNamedFile } from './named-file.ts';
import { catalogueAt } from './own-subject.ts';
import { type ChangeFlags, changeFlagOf, replayMoment } from './replay-moment.ts';
import { collect } from './set-option.ts';
import { newTracesFile, type TracesFile } from './traces-file.ts';

interface ReplayFlags extends ChangeFlags {
  readonly catalogue?: string;
  readonly html?: string;
  readonly traces?: string;
  readonly scenario?: string;
  readonly at?: string;
  readonly json?: true;
}

/** `fleetwake replay FILE`: runs a saved test case or a scenario's run again, with the same trace, and prints a timeline. */
export function addReplay(program: Command): void {
  program
    .command('replay <file>')
    .description('replay a saved failure or run in virtual time and print its timeline')
    .option('--catalogue <path>', 'catalogue that the failure was saved with')
    .option('--html <file>', 'write the timeline as one self-contained HTML page')
    .option('--traces <file>', 'write the spans as OTLP in JSON, for Jaeger or Tempo (docs/monitoring.md)')
    .option('--scenario <file>', 'write the test case as a scenario file for "fleetwake run"')
    .option(
      '--at <event>',
      'run up to this event and print what activations, vehicles, ledger and queues are then',
    )
    .option('--json', 'print the moment of --at as JSON')
    .option(
      '--fault <json>',
      'run on from --at with this fault too, and compare both runs; repeatable',
      collect,
    )
    .option(
      '--remove-fault <number>',
      'run on from --at without this fault of the run, and compare both runs; repeatable',
      collect,
    )
    .option(
      '--replace-fault <number=json>',
      'run on from --at with this fault in place of one of the run, and compare both runs; repeatable',
      collect,
    )
    .action(async (file: string, flags: ReplayFlags) => {
      process.exitCode = await replay(file, flags);
    });
}

async function replay(file: string, flags: ReplayFlags): Promise<number> {
  const { html, catalogue, scenario, at, json } = flags;
  const text = textOfNamedFile(file, fileHint);
  if (at !== undefined) return replayMoment(sourceOf(file, text, flags), { ...flags, at });
  const needsAt = json === true ? '--json' : changeFlagOf(flags);
  if (needsAt !== null) throw new UsageError(`${needsAt} needs --at, the event to stop at: add it`);
  if (isSavedRun(text)) return replayRun(file, text, flags);
  const { schedule, traceHash, about } = testCaseOf(file, text);
  if (scenario !== undefined && catalogue !== undefined)
    throw new UsageError(
      '--scenario and --catalogue cannot be combined: a scenario buys from the shipped catalogue',
    );
  const { run, broken } = await judge(
    schedule,
    catalogue === undefined ? {} : { catalogue: catalogueAt(catalogue) },
  );
  if (traceHash !== undefined && traceHash !== run?.traceHash) {
    say(
      `the trace differs from the saved one (${run?.traceHash ?? 'none'} instead of ${traceHash}): the product, the simulator or Node has changed since; this shows the current behaviour`,
    );
  }
  const summary = summaryOf(about, broken, run?.traceHash ?? 'none');
  say(timelineText(run === null ? [] : timelineOf(run.trace)));
  say(summary);
  if (html !== undefined) {
    const title = `fleetwake replay ${file}`;
    await writeTimeline(
      html,
      summary,
      run === null ? { title, events: [], faults: [] } : runTimeline(run, title),
    );
  }
  if (flags.traces !== undefined)
    await writeTraces(flags.traces, (tracingOf) => sourceOf(file, text, flags).traced(tracingOf));
  if (scenario !== undefined) {
    await writeScenario(scenario, schedule, about);
    say(`scenario written to ${scenario}: npx fleetwake run ${scenario}`);
  }
  const isOther = traceHash !== undefined && traceHash !== run?.traceHash;
  return broken === null && !isOther ? exitCodes.ok : exitCodes.failed;
}

/** A scenario's run: the same timeline, and the verdict of the scenario. */
async function replayRun(file: string, text: string, flags: ReplayFlags): Promise<number> {
  if (flags.scenario !== undefined)
    throw new UsageError(
      '--scenario writes a test case as a scenario, and this file is a scenario: leave it out',
    );
  const source = sourceOf(file, text, flags);
  const { run, broken, timeline } = await source.course(`fleetwake replay ${file}`);
  const summary = summaryOf(source.title, broken, run.traceHash);
  say(timelineText(timelineOf(run.trace)));
  say(summary);
  if (flags.html !== undefined) await writeTimeline(flags.html, summary, timeline);
  const { traces } = flags;
  if (traces !== undefined) await writeTraces(traces, (tracingOf) => source.traced(tracingOf));
  return broken === null ? exitCodes.ok : exitCodes.failed;
}

/** Runs once more with spans: the messages of such a run carry other span ids, and its trace hash is not the saved one. */
async function writeTraces(
  path: string,
  run: (tracingOf: TracesFile['tracingOf']) => Promise<unknown>,
): Promise<void> {
  const file = await newTracesFile(path, 1);
  try {
    await run(file.tracingOf);
    await file.write();
    say(`spans written to ${path}`);
  } finally {
    await file.close();
  }
}

const fileHint = 'give a file that "fleetwake check" (reports/) or "fleetwake run --save" wrote';
const say = (text: string) => process.stdout.write(`${text}\n`);

function sourceOf(file: string, text: string, { catalogue }: ReplayFlags): RunSource {
  if (catalogue !== undefined && isSavedRun(text))
    throw new UsageError('--catalogue is of a saved failure: a saved run buys from the shipped catalogue');
  const options = catalogue === undefined ? {} : { catalogue: catalogueAt(catalogue) };
  const reading = readRunSource(text, file, options);
  if (reading.ok) return reading.source;
  throw new UsageError(`${file} is not a saved run:\n${reading.mistakes.join('\n')}`);
}

function summaryOf(about: string, broken: Broken | null, traceHash: string): string {
  const verdict = broken === null ? 'no rule was broken' : `${broken.rule}\n  ${broken.sentence}`;
  return `${about}\n\n${verdict}\ntrace hash ${traceHash}`;
}

async function writeTimeline(path: string, summary: string, timeline: Timeline): Promise<void> {
  await writeFile(path, replayPage(summary, timeline, await readTimelineFiles()));
  say(`timeline written to ${path}`);
}

async function writeScenario(path: string, testCase: TestCase, about: string): Promise<void> {
  const written = scenarioOf(testCase, about, shippedCatalogue());
  if (written.ok) await writeFile(path, written.text);
  else throw new UsageError(`the test case cannot be a scenario:\n${written.reasons.join('\n')}`);
}
