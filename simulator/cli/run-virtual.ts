import { catalogueFolder } from '../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { judgeRun } from '../reports/judge-run.ts';
import { uncompressedTime } from '../reports/scenario-time.ts';
import type { Surroundings } from '../reports/surroundings.ts';
import { runScenarioVirtually } from '../virtual-system/scenario-run.ts';
import type { VirtualSystemOptions } from '../virtual-system/virtual-system.ts';
import { adapterAt } from './adapters.ts';
import { productVersions } from './product-version.ts';
import { progressWriter } from './progress.ts';
import type { Job, JudgedRun } from './run-live.ts';

/** Runs the scenario in virtual time. The real duration is printed beside the report and never in it. */
export async function runVirtually(
  { call, scenario, seed, models, catalogueFolder: folder }: Job,
  {
    adapter,
    recordsMetrics,
    tracingOf,
  }: {
    readonly adapter?: string | undefined;
    readonly recordsMetrics: boolean;
    readonly tracingOf: VirtualSystemOptions['tracingOf'];
  },
): Promise<JudgedRun> {
  const progress = progressWriter(process.stderr);
  const say = (text: string) => process.stderr.write(`${text}\n`);
  say(`scenario ${scenario.name}, seed ${seed}, in virtual time: ${scenario.description}`);
  const beganAt = wallClock.now();
  try {
    const { evidence, events, metrics } = await runScenarioVirtually({
      scenario,
      seed,
      ...(models === undefined ? {} : { models }),
      ...(folder === undefined ? {} : { catalogue: loadCatalogue(catalogueFolder(folder)) }),
      ...(adapter === undefined ? {} : { adapter: adapterAt(adapter) }),
      recordsMetrics,
      ...(tracingOf ? { watch: () => ({ tracingOf }) } : {}),
      onProgress: progress.show,
    });
    progress.end();
    const seconds = Math.max(0.001, (wallClock.now() - beganAt) / 1_000);
    const { takenAt, startedAt, plan } = evidence;
    const passed = uncompressedTime((takenAt - startedAt) * plan.timeScale);
    say(
      `${passed} passed in ${seconds.toFixed(1)} s: ${events} events, ${Math.round(events / seconds)} a second`,
    );
    const { description } = scenario;
    const surroundings: Surroundings = {
      ...{ world: 'virtual', versions: productVersions(), calledAs: call, description },
    };
    const judged = { report: judgeRun(evidence, surroundings), evidence, surroundings };
    return metrics === undefined ? judged : { ...judged, metrics };
  } finally {
    progress.end();
  }
}
