import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of more than 20 s, the longest first, by the durations in `reports/tests.json` of CI. */
export const longest: readonly string[] = [
  'test/e2e/escalation.live.test.ts',
  'test/simulator/scenarios/component-faults.live.test.ts',
  'test/e2e/run-target.live.test.ts',
  'test/chaos/kill.live.test.ts',
  'test/simulator/scenarios/command.live.test.ts',
  'test/ops/ci-templates.live.test.ts',
  'test/gateway/live/folder-owner.live.test.ts',
  'test/e2e/failure-categories.live.test.ts',
  'test/properties/planted-bugs.test.ts',
  'test/properties/crash-sweep.test.ts',
  'test/contract/nats-cluster.live.test.ts',
  'test/e2e/start-errors.test.ts',
  'test/chaos/two-engines.live.test.ts',
  'test/e2e/fault-command.live.test.ts',
  'test/e2e/open-files.live.test.ts',
  'test/simulator/cli/running-options.live.test.ts',
  'test/chaos/three-processes.live.test.ts',
  'test/chaos/nats.live.test.ts',
  'test/chaos/postgres.live.test.ts',
  'test/e2e/shared-nats.live.test.ts',
  'test/simulator/scenarios/library.live.test.ts',
  'test/properties/schedules.test.ts',
  'test/e2e/testing-kit.test.ts',
  'test/bench/bench.live.test.ts',
  'test/simulator/console/every-page.live.test.ts',
  'test/simulator/scenarios/library.test.ts',
  'test/e2e/look-up.live.test.ts',
  'test/e2e/api-iot-thread.live.test.ts',
  'test/simulator/conform/conform.live.test.ts',
  'test/e2e/secrets-running.live.test.ts',
  'test/chaos/own-nats.live.test.ts',
  'test/chaos/stop.live.test.ts',
];

type File = Pick<TestSpecification, 'moduleId'> & {
  readonly project: Pick<TestSpecification['project'], 'name'>;
};

/**
 * Puts the longest files first and the many short ones of the project `fast` last, so that no process runs a long file alone at
 * the end. All others keep their order.
 */
export function longestFirst<Each extends File>(files: readonly Each[]): Each[] {
  return files.toSorted((left, right) => rank(left) - rank(right));
}

function rank({ moduleId, project }: File): number {
  if (project.name === 'fast') return longest.length + 1;
  const place = longest.findIndex((file) => moduleId.endsWith(`/${file}`));
  return place === -1 ? longest.length : place;
}

/** Vitest's order, with the longest files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return longestFirst(await super.sort(files));
  }
}
