import { runChecks } from '../../../simulator/reports/checks/all.ts';
import type { Evidence } from '../../../simulator/reports/evidence.ts';
import { reportOf } from '../../../simulator/reports/report.ts';
import type { RunReport } from '../../../simulator/reports/run-report.ts';
import { corrupted, only, sampleEvidence } from './sample.ts';
import { startedAt } from './sample-names.ts';

const surroundings = {
  world: 'live' as const,
  bus: 'nats',
  versions: { fleetwake: '1.2.3', node: '20.0.0' },
  calledAs: 'sample.yaml',
};

export function reportFrom(evidence: Evidence): RunReport {
  return reportOf(evidence, runChecks(evidence), surroundings);
}

/** The sample run with faults that have windows, and expectations that are met. */
export function passedReport(): RunReport {
  const evidence = sampleEvidence();
  return reportFrom({ ...evidence, ...faultsAndHopes(['active = 40 %', 'tickets <= 2']) });
}

/** The same with a broken rule, a rule that is not expected to hold, and an expectation that is not met. */
export function failedReport(): RunReport {
  const rules = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11].map((id) => `rule ${id}`);
  const evidence = corrupted(({ database: { notices }, vehicles }) => {
    only(notices, ({ id }) => id === 'ntc_a_activation_successful_push').status = 'waiting';
    for (const { features } of vehicles) {
      for (const feature of features) if (feature.version > 0) feature.version += 7;
    }
  });
  return reportFrom({ ...evidence, ...faultsAndHopes(['active >= 99 %', 'tickets = 2', ...rules]) });
}

function faultsAndHopes(
  expectations: readonly string[],
): Pick<Evidence, 'plan' | 'planAgain' | 'healedAt' | 'paymentsFaults'> {
  const plan: Evidence['plan'] = {
    ...sampleEvidence().plan,
    expectations,
    apiIotFaults: [
      {
        name: 'down & "out" <now>',
        type: 'server_error',
        toxicity: 0.25,
        schedule: { afterMs: 100, forMs: 2_000, everyMs: 10_000 },
        attributes: { status: 503 },
      },
    ],
    paymentsFaults: [{ name: 'slow', type: 'slow', toxicity: 1, attributes: { latencyMs: 5, jitterMs: 0 } }],
  };
  return {
    plan,
    planAgain: JSON.stringify(plan),
    healedAt: startedAt + 25_000,
    paymentsFaults: { slow: 3, server_error: 0 },
  };
}
