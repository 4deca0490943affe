import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const live = ['test/**/*.live.test.ts'];
const all = ['test/**/*.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/helpers/services.ts'],
    setupFiles: ['test/helpers/fast-check-seed.ts'],
    // Live tests wait most of the time: two at once also where there are two processors.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // They end what would never end: verdicts do not depend on the speed of the machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // CI reads its closing line from the file.
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/tests.json' }]] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: all,
          exclude: [...configDefaults.exclude, ...live],
          // Files share the loaded modules: loading them anew for each file takes more than half of the processor time.
          isolate: false,
        },
      },
      // Sockets, child processes and signal handlers: each file has a process of its own.
      { extends: true, test: { name: 'live', include: live } },
    ],
  },
});
