import { chaosRun } from '../chaos/run.ts';
import { chaosScenario } from '../chaos/scenario.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { type Part, startCluster } from './cluster.ts';
import { type OwnCount, ownCount } from './count.ts';

export interface ClusterSize {
  readonly vehicles: number;
  readonly purchases: number;
  readonly overMs: number;
  /** How long a part stays away, and how long all are there before the next one ends. */
  readonly awayMs: number;
  readonly pauseMs: number;
}

export interface ClusterRun {
  /** Parts that were ended and started again, with the time for which each was away. */
  readonly ended: readonly { readonly name: string; readonly awayMs: number }[];
  readonly outcomes: Readonly<Record<string, number>>;
  /** Rules that do not hold, in words. */
  readonly broken: readonly string[];
  readonly rules: number;
  readonly count: OwnCount;
  readonly seconds: number;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Makes purchases on a whole cluster while each of its parts ends once and comes back, and judges what is left. */
export function runCluster(
  size: ClusterSize,
  seed: number,
  show: (text: string) => void,
): Promise<ClusterRun> {
  const startedAt = performance.now();
  return withFolders(async (folders) => {
    const cluster = await startCluster(folders);
    const ended: { name: string; awayMs: number }[] = [];
    let storm: Promise<void> | null = null as Promise<void> | null;
    try {
      const { report, broken } = await chaosRun({
        scenario: { ...chaosScenario(size), slackMs: 120_000 },
        seed,
        config: cluster.config,
        launch: cluster.launch,
        onProgress({ purchases }) {
          show(`${purchases} of ${size.purchases} purchases`);
          if (purchases >= size.purchases / 20) storm ??= endEach(cluster.parts(), size, ended, show);
        },
      });
      await storm;
      return {
        ...{ ended, rules: report.checks.length, outcomes: report.outcomes },
        broken: broken.map(({ title, violations }) => `${title}: ${violations.slice(0, 5).join('; ')}`),
        count: await ownCount(cluster.config),
        seconds: Math.round((performance.now() - startedAt) / 1_000),
      };
    } finally {
      await storm?.catch(() => {});
      await cluster.stop();
    }
  });
}

function withFolders<T>(work: (folders: Parameters<typeof startCluster>[0]) => Promise<T>): Promise<T> {
  return withTemporaryFolder((folder) =>
    withTemporaryFolder((postgresFolder) => work({ folder, postgresFolder })),
  );
}

async function endEach(
  parts: readonly Part[],
  { awayMs, pauseMs }: ClusterSize,
  ended: { name: string; awayMs: number }[],
  show: (text: string) => void,
): Promise<void> {
  for (const part of parts) {
    const endedAt = performance.now();
    await part.end();
    await pause(awayMs);
    await part.start();
    ended.push({ name: part.name, awayMs: Math.round(performance.now() - endedAt) });
    show(`${part.name} was away`);
    await pause(pauseMs);
  }
}
