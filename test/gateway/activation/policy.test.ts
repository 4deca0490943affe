import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  backoffMs,
  policyFaults,
  shortenPolicyTimes,
  standardPolicy,
} from '../../../gateway/activation/policy.ts';

const retries = Array.from({ length: 8 }, (_, retry) => retry);

describe('back-off', () => {
  test('doubles from the base delay up to the greatest delay', () => {
    expect(retries.map((retry) => backoffMs(standardPolicy, retry, 0) / 1_000)).toEqual([
      30, 60, 120, 240, 480, 900, 900, 900,
    ]);
    expect(backoffMs(standardPolicy, 1_000_000, 0)).toBe(900_000);
  });

  test('with the standard policy no draw changes it: jitter is off', () => {
    expect(backoffMs(standardPolicy, 0, 0.999)).toBe(30_000);
  });

  test('jitter adds its share of the delay, also to the greatest', () => {
    const jittery = { ...standardPolicy, jitter: 0.5 };
    expect(retries.map((retry) => backoffMs(jittery, retry, 0.5) / 1_000)).toEqual([
      37.5, 75, 150, 300, 600, 1_125, 1_125, 1_125,
    ]);
  });

  property.prop([
    fc.integer({ min: 1, max: 1e9 }),
    fc.integer({ min: 0, max: 1e9 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(2_000),
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  ])('is whole, and jitter never shortens it', (baseDelayMs, more, jitter, retry, draw) => {
    const policy = { ...standardPolicy, baseDelayMs, maxDelayMs: baseDelayMs + more, jitter };
    const delayMs = backoffMs(policy, retry, draw);
    expect(Number.isSafeInteger(delayMs)).toBe(true);
    expect(delayMs).toBeGreaterThanOrEqual(backoffMs({ ...policy, jitter: 0 }, retry, draw));
    expect(delayMs).toBeLessThanOrEqual(2 * policy.maxDelayMs);
  });
});

describe('a policy', () => {
  test('as the specification gives it can be used, also without limits', () => {
    expect(policyFaults(standardPolicy)).toEqual([]);
    expect(policyFaults({ ...standardPolicy, maxRetries: null, deadlineMs: null })).toEqual([]);
  });

  test('refuses durations of more than 366 days, whose end no date has', () => {
    const settlementMs = Number.MAX_SAFE_INTEGER;
    expect(policyFaults({ ...standardPolicy, settlementMs, maxDelayMs: 31_622_400_001 })).toEqual([
      'maxDelayMs must be at most 31622400000 (366 days), not 31622400001',
      `settlementMs must be at most 31622400000 (366 days), not ${settlementMs}`,
    ]);
    expect(policyFaults({ ...standardPolicy, settlementMs: 31_622_400_000 })).toEqual([]);
  });

  test('that cannot be used is refused with one sentence per mistake', () => {
    expect(
      policyFaults({
        maxRetries: -1,
        baseDelayMs: 0,
        maxDelayMs: 1.5,
        jitter: 2,
        pollEveryMs: Number.NaN,
        resultGraceMs: -1,
        deadlineMs: 0,
      }),
    ).toEqual([
      'maxRetries must be a whole number of at least 0, not -1',
      'baseDelayMs must be a whole number of at least 1, not 0',
      'maxDelayMs must be a whole number of at least 1, not 1.5',
      'pollEveryMs must be a whole number of at least 1, not NaN',
      'resultGraceMs must be a whole number of at least 0, not -1',
      'deadlineMs must be a whole number of at least 1, not 0',
      'jitter must be between 0 and 1, not 2',
    ]);
    expect(policyFaults({ ...standardPolicy, maxDelayMs: 10_000 })).toEqual([
      'maxDelayMs (10000) is below baseDelayMs (30000): no wait would ever grow; raise maxDelayMs',
    ]);
    expect(policyFaults({ ...standardPolicy, jitter: Number.NaN })).toEqual([
      'jitter must be between 0 and 1, not NaN',
    ]);
  });

  test('compressed keeps its shape: durations shrink, counts and shares stay', () => {
    expect(shortenPolicyTimes(standardPolicy, 150)).toEqual({
      maxRetries: 5,
      baseDelayMs: 200,
      maxDelayMs: 6_000,
      jitter: 0,
      pollEveryMs: 200,
      resultGraceMs: 33,
      deadlineMs: 576_000,
      settlementMs: 2_880_000,
    });
    expect(shortenPolicyTimes({ ...standardPolicy, deadlineMs: null }, 1e12)).toMatchObject({
      baseDelayMs: 1,
      resultGraceMs: 1,
      deadlineMs: null,
    });
  });
});
