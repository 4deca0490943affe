import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { reportOf } from '../../../simulator/reports/report.ts';
import type { RunReport } from '../../../simulator/reports/run-report.ts';
import type { Scenario } from '../../../simulator/scenarios/scenario.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';

/** Runs a scenario in virtual time and judges it. */
export async function virtualReport(scenario: Scenario, seed = 1): Promise<RunReport> {
  const { evidence } = await runScenarioVirtually({ scenario, seed });
  return reportOf(evidence, runChecks(evidence), { world: 'virtual' });
}
