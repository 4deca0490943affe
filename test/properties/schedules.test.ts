import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { wallClock } from '../../shared/live/clock.ts';
import { checkTestCases, hashOfAll } from '../../simulator/check/checking.ts';
import { judge } from '../../simulator/check/judge.ts';
import { readSaved } from '../../simulator/check/saved-test-case.ts';
import { cliFile } from '../e2e/build.ts';
import { sized } from '../helpers/proofs.ts';

const runsInCi = sized(40, 120);
const folder = join(import.meta.dirname, '..', 'regressions');

describe('The corpus: what failed once holds', () => {
  test.each(readdirSync(folder).filter((name) => name.endsWith('.json')))('%s', async (name) => {
    const reading = readSaved(readFileSync(join(folder, name), 'utf8'));
    if (!reading.ok) throw new Error(reading.mistakes.join('; '));
    expect((await judge(reading.saved.schedule, { twice: true })).broken).toBeNull();
  });
});

describe('Random test cases', () => {
  test(`${runsInCi} of seed 1 break no rule`, async () => {
    const outcome = await checkTestCases({
      seed: 1,
      runs: runsInCi,
      worker: 0,
      workers: 1,
      minutes: null,
      now: wallClock.now,
    });
    expect(outcome.failures).toEqual([]);
    expect(outcome.runs).toBe(runsInCi);
  });

  test('another process, with two workers, gives the same traces for the same seed', async () => {
    const here = await checkTestCases({
      seed: 7,
      runs: 12,
      worker: 0,
      workers: 1,
      minutes: null,
      now: wallClock.now,
    });
    const { stdout } = await promisify(execFile)(process.execPath, [
      cliFile,
      ...['check', '--seed', '7', '--runs', '12', '--workers', '2', '--corpus', 'none', '--json'],
    ]);
    const report = JSON.parse(stdout) as { ok: boolean; runs: number; traceHash: string };
    expect(report).toMatchObject({ ok: true, runs: 12, traceHash: hashOfAll(here.hashes) });
  });
});
