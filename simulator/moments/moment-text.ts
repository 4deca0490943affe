import type { Activation } from '../../gateway/activation/activation.ts';
import { money } from '../reports/verdict.ts';
import { instantText } from '../timeline/duration.ts';
import type { RunCourse } from './course.ts';
import type { Moment } from './moment.ts';
import type { NumberedFault } from './run-views.ts';
import type { Branch } from './what-if.ts';

/** Returns a moment as text: activations, vehicles, ledger and queues. */
export function momentText(
  { event, atMs, isEnd, state }: Moment,
  faults: readonly NumberedFault[] = [],
): string {
  const { database, ledger, vehicles, queues } = state;
  const waiting = database.notices.filter(({ status }) => status === 'waiting').length;
  const lines = [
    `event ${event}${isEnd ? ', the last' : ''}, ${instantText(atMs)} after the first moment of the workload`,
    ...section('activations', database.activations.map(activationText)),
    ...section('vehicles', vehicles.map(vehicleText)),
    ...section(
      'ledger',
      ledger.map(
        ({ kind, amountMinor, currency, activationId }) =>
          `${kind} ${money(amountMinor, currency)} ${activationId}`,
      ),
    ),
    ...section('queues', [
      ...queues.wakeUps.map((id) => `NATS wake-up ${id}`),
      ...Object.entries(queues.mqtt).map(([client, count]) => `MQTT ${client}: ${count} waiting`),
      ...queues.calls.map(({ name, sinceMs }) => `open since ${instantText(sinceMs)}: ${name}`),
      ...(waiting > 0 ? [`${waiting} notifications to be sent`] : []),
    ]),
    ...(faults.length === 0
      ? []
      : section(
          'faults of the run',
          faults.map(({ number, fault }) => `${number} ${JSON.stringify(fault)}`),
        )),
  ];
  return `${lines.join('\n')}\n`;
}

function activationText(row: Moment['state']['database']['activations'][number]): string {
  const { attempts, settlement } = JSON.parse(row.state) as Activation;
  const paid = settlement ? `, money ${settlement.status}` : '';
  return `${row.id} ${row.kind} of ${row.service_id} on ${row.vin}: ${row.phase}, attempt ${attempts.length}${paid}`;
}

function vehicleText(vehicle: Moment['state']['vehicles'][number]): string {
  const { vin, connected, running, features, resultsWaiting } = vehicle;
  const active = features.filter(({ state }) => state === 'active').map(({ feature }) => feature);
  const where = running ? (connected ? 'connected' : 'offline') : 'stopped';
  const waiting = resultsWaiting > 0 ? `, ${resultsWaiting} results waiting` : '';
  return `${vin} ${where}, active: ${active.join(', ') || 'nothing'}${waiting}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return [`${title}:`, ...(lines.length > 0 ? lines : ['nothing']).map((line) => `  ${line}`)];
}

/** Returns how a run and its branch end, and where they part. */
export function branchText(original: RunCourse, { course, partsAt, isEarly }: Branch): string {
  const lines = [
    partsAt === null
      ? 'the branch has the same trace: the change had no effect'
      : `the branch parts from the run at ${instantText(partsAt.atMs)}`,
    ...(isEarly ? ['the change took effect before the moment, so what was before it differs too'] : []),
    `the run:    ${endText(original)}`,
    `the branch: ${endText(course)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function endText({ run, broken, events }: RunCourse): string {
  const phases = run.evidence.database.activations.map(({ id, phase }) => `${id} ${phase}`).join(', ');
  return `${events} events, ${phases}; ${broken === null ? 'no rule was broken' : broken.rule}`;
}
