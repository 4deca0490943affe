import type { ApiIotReport } from './api-iot.ts';
import type { CommitsReport } from './commits.ts';
import type { ConsoleReport } from './console.ts';
import type { EndToEndReport } from './end-to-end.ts';
import type { FleetsReport } from './fleets.ts';
import type { OverloadReport } from './overload.ts';
import type { StormReport } from './storm.ts';
import type { TicketsReport } from './tickets.ts';
import type { TimelineReport } from './timeline.ts';
import type { VehiclesReport } from './vehicles.ts';

/** A part that was not asked for is not in it. */
export interface BenchReport extends Partial<EndToEndReport> {
  readonly machine: { readonly cores: number; readonly processor: string; readonly node: string };
  readonly vehicle?: VehiclesReport;
  readonly apiIot?: ApiIotReport;
  readonly commits?: CommitsReport;
  readonly tickets?: TicketsReport;
  readonly timeline?: TimelineReport;
  readonly console?: ConsoleReport;
  readonly overload?: OverloadReport;
  readonly fleets?: FleetsReport;
  readonly storm?: readonly StormReport[];
  /** How long the bench took. */
  readonly seconds: number;
}

type Line = readonly [name: string, figures: string];

function endToEndLines({ e2e, history }: Partial<EndToEndReport>): Line[] {
  if (e2e === undefined || history === undefined) return [];
  const { withNotices, cpuMs } = e2e;
  return [
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
  ];
}

function vehicleLines({ vehicle }: BenchReport): Line[] {
  if (vehicle === undefined) return [];
  return [
    [
      `KB a connected vehicle, ${vehicle.vehicles} in one process`,
      `product ${vehicle.kbProduct}, bare ${vehicle.kbBare}, ratio ${vehicle.ratio}`,
    ],
    [
      '… connections lost, commands applied',
      `${vehicle.lost} lost, ${vehicle.commandsApplied} applied, ${vehicle.telemetry} telemetry messages in ${vehicle.heldMs} ms`,
    ],
  ];
}

function ticketLines({ tickets }: BenchReport): Line[] {
  if (tickets === undefined) return [];
  const { open, ...requests } = tickets;
  return Object.entries(requests).map(([name, { median, p95 }]) => [
    `ms a request at ${open} open tickets: ${name}`,
    `median ${median}, p95 ${p95}`,
  ]);
}

function timelineLines({ timeline }: BenchReport): Line[] {
  if (timeline === undefined) return [];
  const { events, layoutMs, openMs, zoomMs, stepMs, listMs, scrollMs, elements } = timeline;
  return [
    [`a timeline of ${events} events: layout in Node`, `${layoutMs} ms`],
    ['… opened in Chromium', `${openMs} ms, ${elements} elements`],
    ['… a step of the zoom, the next event', `${zoomMs} ms, ${stepMs} ms`],
    ['… the list opened, scrolled to its end', `${listMs} ms, ${scrollMs} ms`],
  ];
}

function consoleLines({ console: fleet }: BenchReport): Line[] {
  if (fleet === undefined) return [];
  const { vehicles, connected, firstPaintMs, listMs, mapMs, memory } = fleet;
  return [
    [
      `Fleet page of ${vehicles} vehicles, ${connected} connected: first paint, first vehicles, all on the map`,
      `${firstPaintMs} ms, ${listMs} ms, ${mapMs} ms`,
    ],
    [
      `… its memory over ${memory.seconds} s: first, last, most`,
      `${memory.firstMb} MB, ${memory.lastMb} MB, ${memory.mostMb} MB`,
    ],
  ];
}

function fleetLines({ fleets }: BenchReport): Line[] {
  if (fleets === undefined) return [];
  const { saved } = fleets;
  return [
    [
      `two fleets of ${fleets.each} on one gateway`,
      `${fleets.connected} connected in ${fleets.connectMs} ms, a third ${fleets.thirdRefused ? '' : 'not '}refused, ${fleets.disturbed} disturbed, ${fleets.commandsApplied} commands applied`,
    ],
    [
      `… ${saved.vehicles} vehicles in one process: new, and after SIGKILL with saved state`,
      `${saved.freshMs} ms, ${saved.freshMb} MB; ${saved.restartMs} ms, ${saved.restartMb} MB`,
    ],
  ];
}

function overloadLines({ overload }: BenchReport): Line[] {
  if (overload === undefined) return [];
  const { livez, ...figures } = overload;
  return [
    [
      `${figures.sentPerSecond} purchases a second for ${figures.seconds} s, of ${figures.capacityPerSecond} that it can take`,
      `sent ${figures.sent}, accepted ${figures.accepted}, refused ${figures.refused}, no answer ${figures.unanswered}, other ${figures.other}`,
    ],
    [
      '… refused within 200 ms, slowest 1 % of refused and of accepted',
      `${figures.refusedWithin200Ms}, ${figures.refusedP99Ms} ms, ${figures.acceptedP99Ms} ms`,
    ],
    ['… /livez', `${livez.answered} of ${livez.asked} answered, slowest ${livez.slowestMs} ms`],
    ['… charged without an answer', String(figures.chargedUnanswered)],
    ['… the sender itself was late by (99th percentile)', `${figures.senderLateP99Ms} ms`],
  ];
}

function stormLines({ storm = [] }: BenchReport): Line[] {
  return storm.map(({ vehicles, buyers, backMs, backAfterStartMs, accepted, commandsAnswered }) => [
    `gateway killed with ${vehicles} vehicles and ${buyers} buyers: all back after`,
    `${backMs} ms, ${backAfterStartMs} ms of them after its start; ${accepted} purchases, ${commandsAnswered} commands answered meanwhile`,
  ]);
}

function otherLines({ apiIot, commits }: BenchReport): Line[] {
  const lines: Line[] = [];
  if (apiIot) lines.push(['configure commands a second, API IoT alone', String(apiIot.commandsPerSecond)]);
  if (commits) {
    const { grouped, single, ratio } = commits;
    lines.push(['durable writes a second', `grouped ${grouped}, one by one ${single}, ratio ${ratio}`]);
  }
  return lines;
}

export function printReport(report: BenchReport): void {
  const { machine, seconds } = report;
  const lines: readonly Line[] = [
    ['machine', `${machine.cores} cores (${machine.processor}), Node ${machine.node}`],
    ...endToEndLines(report),
    ...vehicleLines(report),
    ...otherLines(report),
    ...ticketLines(report),
    ...timelineLines(report),
    ...consoleLines(report),
    ...fleetLines(report),
    ...overloadLines(report),
    ...stormLines(report),
    ['the bench took', `${seconds} s`],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  for (const [name, figures] of lines) console.log(`${name.padEnd(width)}  ${figures}`);
}
