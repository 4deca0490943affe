import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { sized } from '../helpers/proofs.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import type { BenchReport } from './report.ts';

const run = promisify(execFile);

const positive = expect.toSatisfy((value: number) => value > 0, 'is more than 0');
const compared = { product: positive, bare: positive, ratio: positive };
const pipeline = { perSecond: positive, perSecondWithNotices: positive, cpuMsEach: positive };

const took = { median: positive, p95: positive };

/** The ratio of two figures that stand in the report rounded to hundredths. */
function ratioOf(above: number, below: number) {
  return expect.closeTo(above / below, 1);
}

const everyDay = ['commits', 'vehicle', 'apiIot', 'tickets', 'timeline'];

const figuresOfEveryDay = {
  vehicle: {
    vehicles: 5,
    // Of five vehicles the memory is lost in that of their process.
    kbProduct: expect.any(Number),
    kbBare: expect.any(Number),
    ratio: expect.any(Number),
    connectMsProduct: positive,
    connectMsBare: positive,
    heldMs: 0,
    lost: 0,
    telemetry: expect.any(Number),
    commandsApplied: 2,
  },
  apiIot: expect.objectContaining({ commandsPerSecond: positive }),
  commits: expect.objectContaining({ grouped: positive, single: positive, ratio: positive }),
  tickets: {
    open: 150,
    firstPage: took,
    lastPage: took,
    byState: took,
    byPriority: took,
    byAssignee: took,
    byVin: took,
    assign: took,
  },
  timeline: {
    ...{ events: 200, layoutMs: positive, openMs: positive, elements: positive },
    ...{ zoomMs: positive, stepMs: positive, listMs: positive, scrollMs: positive },
  },
};

/** The parts that start gateways of their own take three quarters of the time. */
function figuresOfOtherParts(report: Required<BenchReport>) {
  return {
    e2e: {
      ...compared,
      ratio: ratioOf(report.e2e.product, report.e2e.bare),
      withNotices: compared,
      cpuMs: compared,
      rounds: [{ product: pipeline, bare: pipeline, full: pipeline }],
    },
    history: {
      activations: 100,
      empty: report.e2e.product,
      full: positive,
      ratio: ratioOf(report.history.full, report.history.empty),
    },
    storm: [
      {
        ...{ vehicles: 5, buyers: 2, backMs: positive, backAfterStartMs: positive },
        accepted: expect.any(Number),
        commandsAnswered: expect.any(Number),
      },
    ],
    console: {
      ...{ vehicles: positive, connected: positive },
      ...{ firstPaintMs: positive, listMs: positive, mapMs: positive },
      memory: { seconds: 1, firstMb: positive, lastMb: positive, mostMb: positive },
    },
    fleets: {
      ...{ each: 15, connectMs: positive, connected: 30, thirdRefused: true, disturbed: 0 },
      commandsApplied: 4,
      saved: {
        vehicles: 20,
        freshMs: positive,
        freshMb: positive,
        restartMs: positive,
        restartMb: positive,
      },
    },
    overload: {
      ...{ capacityPerSecond: positive, sentPerSecond: positive, seconds: 0.5, sent: positive },
      ...{ accepted: positive, refused: expect.any(Number), unanswered: 0, other: 0 },
      ...{ refusedWithin200Ms: expect.any(Number), refusedP99Ms: expect.any(Number) },
      ...{ acceptedP99Ms: positive, senderLateP99Ms: expect.any(Number) },
      livez: { asked: positive, answered: report.overload.livez.asked, slowestMs: positive },
      chargedUnanswered: 0,
    },
  };
}

test('the bench measures each of its parts, and writes what docs/performance.md says', async () => {
  await withTemporaryFolder(async (folder) => {
    const file = join(folder, 'bench.json');
    const chosen = sized(everyDay, []).flatMap((part) => ['--part', part]);
    await run('npm', ['run', '--silent', 'bench', '--', '--size', 'tiny', ...chosen, '--json', file]);
    const report = JSON.parse(await readFile(file, 'utf8')) as Required<BenchReport>;
    expect(report).toEqual({
      machine: { cores: positive, processor: expect.any(String), node: process.version },
      ...figuresOfEveryDay,
      ...(chosen.length === 0 ? figuresOfOtherParts(report) : {}),
      seconds: positive,
    });
  });
});
