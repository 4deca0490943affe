import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coverageReport, type FunctionCoverage } from '../../../simulator/cli/coverage.ts';
import { coverageExceptions } from '../../../simulator/cli/coverage-exceptions.ts';
import { coverageText } from '../../../simulator/cli/coverage-text.ts';

const root = join(import.meta.dirname, '..', '..', '..');

const functions: readonly FunctionCoverage[] = [
  { file: 'gateway/engine/engine.ts', line: 10, name: 'start', calls: 7 },
  { file: 'gateway/engine/engine.ts', line: 20, name: 'stop', calls: 0 },
  { file: 'gateway/engine/engine.ts', line: 30, name: '(anonymous)', calls: 5 },
  { file: 'gateway/live/listen.ts', line: 3, name: 'listen', calls: 0 },
  { file: 'gateway/main.ts', line: 4, name: 'runGateway', calls: 0 },
];
const exceptions = [
  { place: 'gateway/live/', reason: 'needs sockets' },
  { place: 'gateway/main.ts#runGateway', reason: 'needs a process' },
  { place: 'gateway/engine/engine.ts#start', reason: 'was out of reach once' },
];

test('counts the functions of each folder, and gives the reason of those that no run can reach', () => {
  expect(coverageReport(functions, exceptions)).toEqual({
    folders: [
      { folder: 'gateway/engine', functions: 3, reached: 2, percent: 66.7, calls: 12 },
      { folder: 'gateway/live', functions: 1, reached: 0, percent: 0, calls: 0 },
      { folder: 'gateway', functions: 1, reached: 0, percent: 0, calls: 0 },
    ],
    functions,
    unreached: [
      { file: 'gateway/engine/engine.ts', line: 20, name: 'stop', calls: 0, reason: null },
      { file: 'gateway/live/listen.ts', line: 3, name: 'listen', calls: 0, reason: 'needs sockets' },
      { file: 'gateway/main.ts', line: 4, name: 'runGateway', calls: 0, reason: 'needs a process' },
    ],
    needlessExceptions: ['gateway/engine/engine.ts#start'],
  });
});

test('prints what is neither reached nor listed by file and line, and which exceptions are needless', () => {
  expect(coverageText(coverageReport(functions, exceptions))).toBe(
    `functions that the runs called, by folder:
  gateway/engine     2 of    3   66.7 %           12 calls
  gateway/live       0 of    1    0.0 %            0 calls
  gateway            0 of    1    0.0 %            0 calls

not reachable by a run (simulator/cli/coverage-exceptions.ts):
     1  needs sockets
     1  needs a process

not reached by a run, and not listed (1 function):
  gateway/engine/engine.ts: 20 stop

the list contains gateway/engine/engine.ts#start, but the runs called all its functions: remove the entry.`,
  );
});

test.each(coverageExceptions.map(({ place }) => place))(
  'the exception %s names a place that exists',
  (place) => {
    const [file = '', name] = place.split('#');
    expect(existsSync(join(root, file))).toBe(true);
    if (name !== undefined) expect(readFileSync(join(root, file), 'utf8')).toContain(name);
  },
);
