import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { DependencyOverrides } from '../virtual-system/dependency-overrides.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import type { Stores } from '../virtual-system/stores.ts';
import type { VirtualSystemOptions } from '../virtual-system/virtual-system.ts';
import { type Move, moveFields } from './activation-changes.ts';
import { planOf } from './plan-of-test-case.ts';
import { newRegistrations } from './registrations.ts';
import { constantsOf, platformSettings } from './settings.ts';
import type { TestCase } from './test-case.ts';
import { testCaseParts, testCaseTime } from './test-case-parts.ts';
import { newWatch } from './watch.ts';

export interface TestCaseOptions {
  /** Turns without anything new before a drain counts as done; a deeper drain must give the same trace. */
  readonly drainDepth?: number;
  readonly overrides?: DependencyOverrides;
  /** Records spans. The messages of the run then carry other span ids, so its trace hash is another one. */
  readonly tracingOf?: VirtualSystemOptions['tracingOf'];
  /** What is sold; the test case's policy takes the place of every service's. The product's own by default. */
  readonly catalogue?: Catalogue;
  /** Watches the run; `onSystem` receives it before it begins. */
  readonly onSystem?: (system: TestCaseSystem) => void;
  /**
   * The run ends after so many events: `onStop` receives the system as it is then, and `runTestCase` rejects with `RunStopped`. A
   * run that has fewer calls it at its end.
   */
  readonly stop?: { readonly afterEvents: number; readonly onStop: (system: TestCaseSystem) => void };
}

/** Returns everything of one run of the product, put together and not yet begun. */
export async function testCaseSystem(testCase: TestCase, options: TestCaseOptions = {}) {
  const { drainDepth = 1, overrides = {}, catalogue = shippedCatalogue() } = options;
  const time = testCaseTime(testCase, drainDepth, options.stop?.afterEvents);
  const { loop, startedAt, trace } = time;
  const plan = planOf(testCase, catalogue);
  const moves: (Move & { readonly atMs: number })[] = [];
  let onMove: (move: Move) => void = () => {};
  let onCommit: (store: keyof Stores) => void = () => {};
  const registrations = newRegistrations(testCase);
  const watch = newWatch({
    now: () => loop.now() - startedAt,
    constants: constantsOf(testCase),
    onMove(move) {
      moves.push({ ...move, atMs: loop.now() - startedAt });
      onMove(move);
      trace.record('engine', 'state', moveFields(move));
    },
    onMoney: (kind, activationId) => trace.record('payment', kind, { activationId }),
    parametersOf: (serviceId, model) => catalogue.configuration(serviceId, model)?.parameters ?? null,
    modelsSince: registrations.modelsSince,
  });
  const parts = await testCaseParts(time, {
    ...{ testCase, plan, overrides },
    ...(options.tracingOf ? { tracingOf: options.tracingOf } : {}),
    platform: platformSettings(testCase, catalogue),
    observer: (stores) => ({
      onMessage: watch.onMessage,
      onCommit(store) {
        if (store === 'platform') watch.afterPlatform(stores.platform.read);
        if (store === 'apiIot') watch.afterApiIot(stores.apiIot.read);
        if (store === 'payments') watch.afterPayments(stores.payments.read);
        onCommit(store);
      },
    }),
  });

  return {
    ...parts,
    ...{ catalogue, watch, registrations },
    moves: () => moves,
    /** Called with each saved change of an activation from now on. */
    onMove(look: (move: Move) => void): void {
      onMove = look;
    },
    /** Called after each commit from now on. */
    onCommit(look: (store: keyof Stores) => void): void {
      onCommit = look;
    },
  };
}

export type TestCaseSystem = Awaited<ReturnType<typeof testCaseSystem>>;
