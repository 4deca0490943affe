import type { FaultSchedule } from '../faults/fault-schedule.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedAction } from '../scenarios/planned-action.ts';
import { uncompressedTime } from './scenario-time.ts';

const vehiclesMax = 200;

/** Returns who buys what when, and which vehicle and service meets which fault, for people; ends in a newline. */
export function planText(plan: Plan): string {
  const { scenario, seed, vehicles, purchases, timeScale, actions = [] } = plan;
  const at = (ms: number) => uncompressedTime(ms * timeScale);
  const byVin = new Map(vehicles.map((vehicle) => [vehicle.vin, vehicle]));
  const faulted = vehicles.filter(({ faults }) => faults.length > 0);
  const more = faulted.length - vehiclesMax;
  const lines = [
    `Plan of scenario ${scenario}, seed ${seed}: ${vehicles.length} vehicles, ${purchases.length} purchases`,
    '',
    'Purchases, by their time after the first moment of the workload:',
    ...purchases.map((one) => {
      const vehicle = byVin.get(one.vin);
      const faults = (vehicle?.faults ?? []).map(({ type }) => type.replaceAll('_', ' '));
      const met = faults.length > 0 ? `; the vehicle has ${faults.join(', ')}` : '';
      const where = vehicle ? ` (${vehicle.model}, ${vehicle.region})` : '';
      return `  ${one.id}  ${at(one.atMs)}: ${one.customerId} buys ${one.serviceId} (${durationText(one.duration)}) for ${one.vin}${where} with ${one.method}${one.preDelivery ? ', before delivery' : ''}${met}`;
    }),
    ...(actions.length === 0
      ? []
      : section(
          'Actions:',
          actions.map((one) => `  ${at(one.atMs)}: ${actionText(one)}`),
        )),
    ...section('Faults of vehicles:', [
      ...faulted.slice(0, vehiclesMax).flatMap(({ vin, faults }) =>
        faults.map((fault) => {
          const { type, schedule } = standingForm(fault);
          return `  ${vin}  ${type.replaceAll('_', ' ')}${windowText(schedule, at)}`;
        }),
      ),
      ...(more > 0 ? [`  and ${more} more vehicles`] : []),
    ]),
    ...section('Faults of services and components:', serviceLines(plan, at)),
  ];
  return `${lines.join('\n')}\n`;
}

function actionText(action: PlannedAction): string {
  switch (action.do) {
    case 'cancel':
      return `the customer cancels ${action.purchase}`;
    case 'renew':
      return `the customer renews ${action.purchase}`;
    case 'transfer':
      return `the vehicle of ${action.purchase} is sold to ${action.to}`;
    case 'ticket':
      return `a technician works on the ticket of ${action.purchase}: ${action.act.replaceAll('_', ' ')}`;
    default:
      return action satisfies never;
  }
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? ['', `${title} none`] : ['', title, ...lines];
}

function serviceLines(
  { apiIotFaults, paymentsFaults = [], channelFaults = [], partFaults = [] }: Plan,
  at: (ms: number) => string,
): string[] {
  const named = [
    ...apiIotFaults.map((fault) => ['API IoT', fault] as const),
    ...paymentsFaults.map((fault) => ['payments', fault] as const),
    ...channelFaults.map((fault) => ['mail and push', fault] as const),
  ];
  return [
    ...named.map(
      ([where, { name, type, toxicity, schedule }]) =>
        `  ${where}  ${name}: ${type.replaceAll('_', ' ')}${toxicity < 1 ? `, ${Math.round(toxicity * 1_000) / 10} % of requests` : ''}${windowText(schedule, at)}`,
    ),
    ...partFaults.map((fault) => {
      const schedule = 'schedule' in fault ? ` after ${at(fault.schedule.afterMs)}` : '';
      return `  component  ${fault.name}: ${fault.type.replaceAll('_', ' ')}${schedule}`;
    }),
  ];
}

type Window = { readonly [Name in keyof FaultSchedule]?: FaultSchedule[Name] | null };

function windowText(schedule: Window | undefined, at: (ms: number) => string): string {
  const { afterMs, forMs, everyMs, first } = schedule ?? {};
  return [
    typeof afterMs === 'number' ? ` after ${at(afterMs)}` : '',
    typeof forMs === 'number' ? ` for ${at(forMs)}` : '',
    forMs === null ? ' for good' : '',
    typeof everyMs === 'number' ? ` every ${at(everyMs)}` : '',
    typeof first === 'number' ? `, the first ${first}` : '',
  ].join('');
}

function durationText(duration: Plan['purchases'][number]['duration']): string {
  if (duration.unit === 'permanent') return 'permanent';
  const { count, unit } = duration;
  return `${count} ${count === 1 ? unit.replace(/s$/, '') : unit}`;
}
