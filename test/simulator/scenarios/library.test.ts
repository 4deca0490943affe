import { expect, test } from 'vitest';
import { shippedNames, shippedScenario } from '../../../simulator/scenarios/library.ts';
import { virtualReport } from './virtual-run.ts';

/** Together they take half a minute on one core. */
test.each(shippedNames())('in virtual time, %s comes out as it says', async (name) => {
  const report = await virtualReport(shippedScenario(name));
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.expectations.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.ok).toBe(true);
});
