import { runChecks } from './checks/all.ts';
import type { Evidence } from './evidence.ts';
import { readingOf } from './reading.ts';
import { reportOf } from './report.ts';
import type { RunReport } from './run-report.ts';
import type { Surroundings } from './surroundings.ts';

/** The report with the verdict of every rule. */
export function judgeRun(evidence: Evidence, surroundings: Surroundings): RunReport {
  const reading = readingOf(evidence);
  return reportOf(evidence, runChecks(evidence, reading), surroundings, reading);
}
