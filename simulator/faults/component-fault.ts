import { z } from 'zod';
import { msSchema } from './unit-schemas.ts';

/** The longest run. */
const weeksMs = 14 * 86_400_000;

/** When a component fails; milliseconds of the run from the first moment of the workload. */
const scheduleSchema = z
  .strictObject({
    afterMs: msSchema(0, weeksMs).describe('Milliseconds of the run from the first moment of the workload.'),
    everyMs: msSchema(1, weeksMs)
      .optional()
      .describe('Again so long after the beginning of the last, `times` in all.'),
    times: z.int().min(2).max(50).optional(),
  })
  .refine(({ everyMs, times }) => (everyMs === undefined) === (times === undefined), {
    path: ['times'],
    message: 'everyMs and times go together: write both, or neither',
  });

const forMs = msSchema(1, 86_400_000).describe('Milliseconds of the run until it is back.');

function componentFault<Type extends string, Attributes extends z.ZodType>(
  type: Type,
  attributes: Attributes,
) {
  return z.strictObject({
    name: z.string().min(1).max(64),
    type: z.literal(type),
    schedule: scheduleSchema,
    attributes,
  });
}

function crashPoint<Type extends string, Attributes extends z.ZodType>(type: Type, attributes: Attributes) {
  return z.strictObject({ name: z.string().min(1).max(64), type: z.literal(type), attributes });
}

export const gatewayProcesses = ['platform', 'api-iot'] as const;
export type GatewayProcess = (typeof gatewayProcesses)[number];

/** Calls of the platform's process between which a death costs most. */
export const crashCalls = [
  'authorise',
  'configure',
  'capture',
  'reversal',
  'email',
  'push',
  'wake_up',
] as const;
export type CrashCall = (typeof crashCalls)[number];

const processAttributes = z.strictObject({ process: z.enum(gatewayProcesses), forMs });

/** Faults of the gateway's components: processes, NATS, broker. */
export const componentFaultSchema = z.discriminatedUnion('type', [
  /** NATS loses every message and consumer. */
  componentFault('nats_wiped', z.strictObject({})),
  componentFault('nats_down', z.strictObject({ forMs })),
  /** Every connection breaks; sessions and retained messages are there afterwards, or not. */
  componentFault('broker_restart', z.strictObject({ forMs, keepsSessions: z.boolean() })),
  /** As a power cut: what was not committed is lost. Platform API and engine are one process, the API IoT another. */
  componentFault('gateway_crash', processAttributes),
  /** As on a signal: the process finishes what is under way, and starts again. */
  componentFault('gateway_stop', processAttributes),
  /** As a power cut at the n-th call of a kind, before it leaves the platform or before its answer arrives. */
  crashPoint(
    'crash_at_call',
    z.strictObject({
      call: z.enum(crashCalls),
      nth: z.int().min(1).max(1_000_000),
      phase: z.enum(['before', 'after']),
      forMs,
    }),
  ),
  /** As a power cut at the n-th step of the process. A call of a port is two steps, counted over all starts of the process. */
  crashPoint(
    'crash_at_step',
    z.strictObject({ process: z.enum(gatewayProcesses), step: z.int().min(1).max(1_000_000), forMs }),
  ),
]);
export type ComponentFault = z.infer<typeof componentFaultSchema>;

export type CrashPoint = Extract<ComponentFault, { readonly type: 'crash_at_call' | 'crash_at_step' }>;

/** Whether the process dies at a step of its own and not at a moment. */
export function isCrashPoint(fault: ComponentFault): fault is CrashPoint {
  return fault.type === 'crash_at_call' || fault.type === 'crash_at_step';
}

/** Returns the moments at which the component fails; none where a step decides. */
export function strikesOf(fault: ComponentFault): number[] {
  if (isCrashPoint(fault)) return [];
  const { afterMs, everyMs = 0, times = 1 } = fault.schedule;
  return Array.from({ length: times }, (_, index) => afterMs + index * everyMs);
}

/** Returns how long the component is away, each time. */
export function lastsMs({ attributes }: ComponentFault): number {
  return 'forMs' in attributes ? attributes.forMs : 0;
}

/** Returns when the component is back for good; 0 where a step decides. */
export function componentFaultEnd(fault: ComponentFault): number {
  const last = strikesOf(fault).at(-1);
  return last === undefined ? 0 : last + lastsMs(fault);
}
