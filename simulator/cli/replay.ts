import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { judge } from '../check/judge.ts';
import { replayPage } from '../check/replay-page.ts';
import { runTimeline } from '../check/run-timeline.ts';
import { scenarioOf } from '../check/scenario-of-test-case.ts';
import type { TestCase } from '../check/test-case.ts';
import { timelineOf, timelineText } from '../check/timeline.ts';
import { readTimelineFiles } from '../console/timeline/timeline-files.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import { readTestCaseFile } from './check.ts';
import { exitCodes, UsageError } from './exit.ts';
import { catalogueAt } from './own-subject.ts';
import { replayMoment } from './replay-moment.ts';

interface ReplayFlags {
  readonly catalogue?: string;
  readonly html?: string;
  readonly scenario?: string;
  readonly at?: string;
  readonly json?: true;
  readonly fault?: readonly string[];
}

/** `fleetwake replay FILE`: runs a saved test case again, with the same trace, and prints a timeline. */
export function addReplay(program: Command): void {
  program
    .command('replay <file>')
    .description('replay a saved failure in virtual time and print its timeline')
    .option('--catalogue <path>', 'catalogue that the failure was saved with')
    .option('--html <file>', 'write the timeline as one self-contained HTML page')
    .option('--scenario <file>', 'write the test case as a scenario file for "fleetwake run"')
    .option(
      '--at <event>',
      'run up to this event and print what activations, vehicles, ledger and queues are then',
    )
    .option('--json', 'print the moment of --at as JSON')
    .option(
      '--fault <json>',
      'run on from --at with this fault too, and compare both runs; repeatable',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .action(async (file: string, flags: ReplayFlags) => {
      process.exitCode = await replay(file, flags);
    });
}

async function replay(file: string, flags: ReplayFlags): Promise<number> {
  const { html, catalogue, scenario, at, json, fault = [] } = flags;
  if (at !== undefined) return replayMoment(file, { ...flags, at });
  const needsAt = json === true ? '--json' : fault.length > 0 ? '--fault' : null;
  if (needsAt !== null) throw new UsageError(`${needsAt} needs --at, the event to stop at: add it`);
  const { schedule, traceHash, about } = await readTestCaseFile(file);
  if (scenario !== undefined && catalogue !== undefined)
    throw new UsageError(
      '--scenario and --catalogue cannot be combined: a scenario buys from the shipped catalogue',
    );
  const { run, broken } = await judge(
    schedule,
    catalogue === undefined ? {} : { catalogue: catalogueAt(catalogue) },
  );
  const say = (text: string) => process.stdout.write(`${text}\n`);
  if (traceHash !== undefined && traceHash !== run?.traceHash) {
    say(
      `the trace differs from the saved one (${run?.traceHash ?? 'none'} instead of ${traceHash}): the product, the simulator or Node has changed since; this shows the current behaviour`,
    );
  }
  const verdict = broken === null ? 'no rule was broken' : `${broken.rule}\n  ${broken.sentence}`;
  const summary = `${about}\n\n${verdict}\ntrace hash ${run?.traceHash ?? 'none'}`;
  say(timelineText(run === null ? [] : timelineOf(run.trace)));
  say(summary);
  if (html !== undefined) {
    const title = `fleetwake replay ${file}`;
    const timeline = run === null ? { title, events: [], faults: [] } : runTimeline(run, title);
    await writeFile(html, replayPage(summary, timeline, await readTimelineFiles()));
    say(`timeline written to ${html}`);
  }
  if (scenario !== undefined) {
    await writeScenario(scenario, schedule, about);
    say(`scenario written to ${scenario}: npx fleetwake run ${scenario}`);
  }
  const isOther = traceHash !== undefined && traceHash !== run?.traceHash;
  return broken === null && !isOther ? exitCodes.ok : exitCodes.failed;
}

async function writeScenario(path: string, testCase: TestCase, about: string): Promise<void> {
  const written = scenarioOf(testCase, about, shippedCatalogue());
  if (written.ok) await writeFile(path, written.text);
  else throw new UsageError(`the test case cannot be a scenario:\n${written.reasons.join('\n')}`);
}
