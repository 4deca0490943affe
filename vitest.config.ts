import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './test/helpers/longest-first.ts';

const live = ['test/**/*.live.test.ts'];
/** Long searches, and what starts the built command. */
const long = ['test/{properties,e2e,fuzz,link}/**/*.test.ts', 'test/**/{crash-sweep,library}.test.ts'];
/** Files share the loaded modules: loading them anew for each file takes more than half of the processor time. */
const isolate = false;

/** Examples of the pages import the kit by the name that a project of its user has for it. */
const kit = fileURLToPath(new URL('./simulator/testing/main.ts', import.meta.url));

export default defineConfig({
  resolve: { alias: { 'fleetwake/testing': kit } },
  test: {
    globalSetup: ['test/helpers/services.ts'],
    setupFiles: ['test/helpers/fast-check-seed.ts'],
    // Live tests wait for a third of their time: one more than there are processors.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    // They end what would never end: verdicts do not depend on the speed of the machine.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    // CI reads its closing line from the file.
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/tests.json' }]] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...live, ...long],
          isolate,
        },
      },
      {
        extends: true,
        test: { name: 'long', include: long, exclude: [...configDefaults.exclude, ...live], isolate },
      },
      // Sockets, child processes and signal handlers: each file has a process of its own.
      { extends: true, test: { name: 'live', include: live } },
    ],
  },
});
