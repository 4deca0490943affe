import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { wallClock } from '../../shared/live/clock.ts';
import { type DayPart, runDay } from '../check/day.ts';
import { exitCodes, UsageError } from './exit.ts';
import { countOf } from './whole-number.ts';

interface DayFlags {
  readonly vehicles: string;
  readonly purchases: string;
  readonly hours: string;
  readonly seed: string;
  readonly json?: string | true;
}

/** `fleetwake day`: a large fleet for a long time in one virtual run, and what that costs. */
export function addDay(program: Command): void {
  program
    .command('day')
    .description(
      'run a large fleet for a day of virtual time, check every rule, and measure the cost per purchase',
    )
    .option('--vehicles <number>', 'number of vehicles', '10000')
    .option('--purchases <number>', 'number of purchases, spread evenly', '20000')
    .option('--hours <number>', 'duration in hours', '24')
    .option('--seed <number>', 'seed of vehicles, purchases and outages', '1')
    .option('--json [file]', 'write the measurements as JSON, to a file or to standard output')
    .action(async (flags: DayFlags) => {
      process.exitCode = await day(flags);
    });
}

function atLeastOne(flag: string, text: string, most: number): number {
  const count = countOf(flag, text, most);
  if (count === 0) throw new UsageError(`${flag} must be at least 1`);
  return count;
}

async function day(flags: DayFlags): Promise<number> {
  const size = {
    seed: countOf('--seed', flags.seed, 9_999_999),
    vehicleCount: atLeastOne('--vehicles', flags.vehicles, 100_000),
    purchaseCount: atLeastOne('--purchases', flags.purchases, 1_000_000),
    durationMs: atLeastOne('--hours', flags.hours, 720) * 3_600_000,
  };
  const beganAt = wallClock.now();
  let peakBytes = 0;
  const seconds = () => (wallClock.now() - beganAt) / 1_000;
  const look = () => {
    peakBytes = Math.max(peakBytes, process.resourceUsage().maxRSS * 1_024);
  };
  const run = await runDay(size, {
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    onPart(part) {
      look();
      process.stderr.write(`${seconds().toFixed(0).padStart(5)} s · ${partText(part)}\n`);
    },
  });
  look();
  const report = {
    ok: run.verdicts.every((verdict) => verdict.ok) && run.unhandled.length === 0 && run.isSettled,
    ...size,
    ...run,
    wallSeconds: seconds(),
    peakMegabytes: Math.round(peakBytes / 1e6),
    eventsPerSecond: Math.round(run.events / seconds()),
    lastToSecond: ratioOf(run.parts),
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (typeof flags.json === 'string') await writeFile(flags.json, json);
  process.stdout.write(flags.json === true ? json : textOf(report));
  return report.ok ? exitCodes.ok : exitCodes.failed;
}

function costMs({ cpuMs, purchases }: DayPart): number {
  return cpuMs / Math.max(purchases, 1);
}

function partText(part: DayPart): string {
  return `${part.purchases} purchases, ${part.events} events, ${costMs(part).toFixed(2)} ms of processor time each`;
}

/** The first part compiles the program; the second is compared. */
function ratioOf(parts: readonly DayPart[]): number {
  const [second, last] = [parts[1], parts.at(-1)];
  return second && last ? Math.round((costMs(last) / costMs(second)) * 100) / 100 : Number.NaN;
}

type Report = Awaited<ReturnType<typeof runDay>> & {
  readonly ok: boolean;
  readonly wallSeconds: number;
  readonly peakMegabytes: number;
  readonly eventsPerSecond: number;
  readonly lastToSecond: number;
};

function textOf(report: Report): string {
  const { verdicts, ends, parts, ok } = report;
  const outcomes = Object.entries(ends).map(([phase, count]) => `${count} ${phase}`);
  return `${[
    ...verdicts.map(
      ({ ok: holds, id, title, examined, violations }) =>
        `${holds ? '✓' : '✗'} ${String(id).padStart(2)}  ${title} (${examined} examined)${holds ? '' : `\n      ${violations.slice(0, 3).join('\n      ')}`}`,
    ),
    `outcomes: ${outcomes.join(', ')}; ${report.attempts} commands, ${report.cuts} links lost over them`,
    `${report.wallSeconds.toFixed(0)} s, ${report.peakMegabytes} MB at most, ${report.events} events, ${report.eventsPerSecond} events/s`,
    `a purchase cost ${costMs(parts[1] ?? parts[0] ?? { cpuMs: 0, purchases: 1, events: 0 }).toFixed(2)} ms of processor time at first (second part of ${parts.length}) and ${report.lastToSecond} times that at the end`,
    `trace hash ${report.traceHash}`,
    ok ? 'ok: no rule was broken' : 'FAILED',
  ].join('\n')}\n`;
}
