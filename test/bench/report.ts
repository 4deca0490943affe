import type { ApiIotReport } from './api-iot.ts';
import type { CommitsReport } from './commits.ts';
import type { EndToEndReport } from './end-to-end.ts';
import type { VehiclesReport } from './vehicles.ts';

export interface BenchReport extends EndToEndReport {
  readonly machine: { readonly cores: number; readonly processor: string; readonly node: string };
  readonly vehicle: VehiclesReport;
  readonly apiIot: ApiIotReport;
  readonly commits: CommitsReport;
  /** How long the bench took. */
  readonly seconds: number;
}

export function printReport(report: BenchReport): void {
  const { machine, e2e, history, vehicle, apiIot, commits, seconds } = report;
  const { withNotices, cpuMs } = e2e;
  const lines: readonly (readonly [string, string])[] = [
    ['machine', `${machine.cores} cores (${machine.processor}), Node ${machine.node}`],
    [
      'activations a second, purchase to captured payment',
      `product ${e2e.product}, bare ${e2e.bare}, ratio ${e2e.ratio}`,
    ],
    [
      '… until every notice has arrived',
      `product ${withNotices.product}, bare ${withNotices.bare}, ratio ${withNotices.ratio}`,
    ],
    [
      '… processor ms of the gateway for each',
      `product ${cpuMs.product}, bare ${cpuMs.bare}, ratio ${cpuMs.ratio}`,
    ],
    [
      `… with ${history.activations} ended activations`,
      `empty ${history.empty}, full ${history.full}, ratio ${history.ratio}`,
    ],
    [
      `KB a connected vehicle, ${vehicle.vehicles} in one process`,
      `product ${vehicle.kbProduct}, bare ${vehicle.kbBare}, ratio ${vehicle.ratio}`,
    ],
    [
      '… connections lost, commands applied',
      `${vehicle.lost} lost, ${vehicle.commandsApplied} applied, ${vehicle.telemetry} telemetry messages in ${vehicle.heldMs} ms`,
    ],
    ['configure commands a second, API IoT alone', String(apiIot.commandsPerSecond)],
    [
      'durable writes a second',
      `grouped ${commits.grouped}, one by one ${commits.single}, ratio ${commits.ratio}`,
    ],
    ['the bench took', `${seconds} s`],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  for (const [name, figures] of lines) console.log(`${name.padEnd(width)}  ${figures}`);
}
