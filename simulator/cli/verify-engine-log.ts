import type { RunReport } from '../reports/run-report.ts';
import { readEngineLog } from '../target/engine-log.ts';
import { judgedRules, judgeTarget } from '../target/judge-target.ts';
import { logEvidence, missingFacts } from '../target/log-evidence.ts';
import { UsageError } from './exit.ts';
import { textOfNamedFile } from './named-file.ts';
import { productVersions } from './product-version.ts';
import { fittingCases, mappingOf } from './run-target.ts';

/** One text cannot hold more. */
const logMaxBytes = 500 * 1024 * 1024;

/** Judges the log of an engine of the user's own, of a run that Fleetwake did not drive. */
export function verifyEngineLog(path: string, mappingFile: string): RunReport {
  const reading = mappingOf(mappingFile);
  const log = readEngineLog(path, textOfNamedFile(path, 'give a log (docs/own-engine.md)', logMaxBytes));
  if (!log.ok) throw new UsageError(`the log cannot be used:\n${log.mistakes.join('\n')}`);
  const missing = missingFacts(log.facts);
  if (judgedRules.every((id) => missing.has(id)))
    throw new UsageError(
      `the log cannot be used:\n${path}: has no fact of the types money, command and vehicle, so that no rule is judged; log one of them`,
    );
  const evidence = logEvidence(log.facts, reading.mapping);
  const cases = fittingCases(evidence, reading);
  const surroundings = { world: 'live' as const, versions: productVersions() };
  const report = judgeTarget(evidence, cases, reading.mapping, surroundings, missing);
  const replay = `fleetwake verify ${path} --mapping ${mappingFile}`;
  // The plan of a log is made up for the rules: no seed has drawn these, and no user set them.
  return { ...report, replay, seed: null, constants: null };
}
