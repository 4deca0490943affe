// Prints the closing line of a test run: `N passed, N failed`. A run that counted no test has failed.
import { readFileSync } from 'node:fs';

const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = JSON.parse(
  readFileSync(process.argv[2], 'utf8'),
);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (passed === 0 || failed > 0) process.exitCode = 1;
