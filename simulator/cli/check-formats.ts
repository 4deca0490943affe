import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { visibleText } from '../../shared/protocol/plain-text.ts';
import { ctrfText } from '../reports/ctrf.ts';
import { junitXml } from '../reports/junit-xml.ts';
import { cell, tableRows } from '../reports/markdown-table.ts';
import type { TestResult, TestSuite } from '../reports/test-suite.ts';
import type { CheckReport } from './check-report.ts';
import { shardFaults } from './check-text.ts';
import { makeFoldersOf } from './output-file.ts';

/** The files that a check and a merge of its shards write. */
export interface CheckFileFlags {
  /** True: to standard output. */
  readonly json?: string | true;
  readonly junit?: string;
  readonly ctrf?: string;
  readonly markdown?: string;
}

export function withCheckFiles(command: Command): Command {
  return command
    .option('--json [file]', 'write the report as JSON, to a file or to standard output')
    .option('--junit <file>', 'write the report as JUnit XML')
    .option('--ctrf <file>', 'write the report as CTRF, the Common Test Report Format (https://ctrf.io)')
    .option('--markdown <file>', 'write the report as Markdown, for a CI summary');
}

/** A CI summary takes a megabyte; a reader takes a page. */
const shownMax = 20;

/** Writes the report in each format that a flag asks for a file of, and makes the folders that are missing. */
export async function writeCheckFiles(flags: CheckFileFlags, report: CheckReport): Promise<void> {
  const texts = { json: checkJson, junit: checkJunit, ctrf: checkCtrf, markdown: checkMarkdown } as const;
  await makeFoldersOf({ ...flags });
  for (const [format, text] of Object.entries(texts) as [keyof typeof texts, typeof checkJson][]) {
    const path = flags[format];
    if (typeof path !== 'string') continue;
    await writeFile(path, text(report));
  }
}

export function checkJson(report: CheckReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

export function checkJunit(report: CheckReport): string {
  return junitXml([suiteOf(report)]);
}

export function checkCtrf(report: CheckReport): string {
  const { fleetwake = 'unknown' } = report.versions;
  return ctrfText([suiteOf(report)], fleetwake);
}

/** A case for each file of the corpus, one for the runs, one for the probes, and one for the shards of a merged report. */
function suiteOf(report: CheckReport): TestSuite {
  const { corpus, failures, probesMissed, runs, seed, seconds, startedAt, shard, shards } = report;
  const cases = [
    ...corpus.map(({ file, broken }) =>
      caseOf(`corpus ${file}`, broken === null ? [] : [`${broken.rule}: ${broken.sentence}`]),
    ),
    caseOf(
      `${runs} runs of seed ${seed}`,
      failures.map((one) => `${one.rule}: ${one.sentence} (${one.replay})`),
    ),
    // A shard has too few runs to judge by.
    ...(shard === undefined
      ? [
          caseOf(
            'every probe occurred',
            probesMissed.map((name) => `no run reached "${name}"`),
          ),
        ]
      : []),
    ...(shards === undefined
      ? []
      : [caseOf(`every one of ${shards.of} shards has a report`, shardFaults(report))]),
  ];
  return {
    name: `fleetwake check${shard === undefined ? '' : `, shard ${shard.index}/${shard.of}`}`,
    startedAt,
    tookSeconds: seconds,
    properties: { seed: String(seed) },
    cases,
  };
}

function caseOf(name: string, failures: readonly string[]): TestResult {
  const [message] = failures;
  const one = { className: 'fleetwake', name };
  if (message === undefined) return { ...one, outcome: 'passed' };
  return { ...one, outcome: { message, kind: 'check', text: failures.join('\n') } };
}

/** The report for a CI summary: the verdict, then what failed and how to replay it, then the probes. */
export function checkMarkdown(report: CheckReport): string {
  const { ok, seed, runs, seconds, corpus, failures, probes, probesMissed, shard } = report;
  const part = shard === undefined ? '' : `, shard ${shard.index}/${shard.of}`;
  const again = corpus.filter(({ broken }) => broken !== null);
  const lines = [
    `## ${ok ? '✅' : '❌'} fleetwake check, seed ${seed}${part}`,
    '',
    `**${ok ? 'No rule was broken.' : 'A rule was broken, or the check proves too little.'}** ${runs} runs in ${seconds.toFixed(1)} s, ${corpus.length} corpus cases before them.`,
    '',
    ...listed([
      ...shardFaults(report),
      ...again.map(({ file, broken }) => `${file} fails again: ${broken?.rule}: ${broken?.sentence}`),
      ...probesMissed.map((name) => `no run reached "${name}": the check proves nothing about it`),
    ]),
    ...failures
      .slice(0, shownMax)
      .flatMap(({ run, rule, sentence, replay }) => [
        `### Run ${run}: ${cell(rule)}`,
        ...['', cell(sentence), '', `Again: \`${replay}\``, ''],
      ]),
    ...(failures.length > shownMax ? [`and ${failures.length - shownMax} more failures`, ''] : []),
    '<details><summary>Probes: how often rare situations occurred</summary>',
    '',
    ...tableRows(
      ['Probe', 'Runs'],
      Object.entries(probes).map(([name, hits]) => [name, String(hits)]),
    ),
    '</details>',
    '',
    `<sub>trace hash ${report.traceHash}</sub>`,
  ];
  return `${visibleText(lines.join('\n')).trimEnd()}\n`;
}

function listed(texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const more = texts.length - shownMax;
  return [
    ...texts.slice(0, shownMax).map((text) => `- ${cell(text)}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
    '',
  ];
}
