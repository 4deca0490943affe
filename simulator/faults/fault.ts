import { z } from 'zod';
import { channelDownAttributes, channelOfFault, channelSlowAttributes } from './channel-fault.ts';
import {
  bothStreams,
  common,
  directedFault,
  downstream,
  durationSchema,
  faultOf,
  nothing,
  upstream,
} from './fault-shape.ts';
import type { CommandSelector, VehicleState } from './fault-target.ts';
import { type HttpFault, httpFaultAttributes, purchasePlaceSchema } from './http-fault.ts';
import { linkFaults } from './link-faults.ts';
import { msSchema } from './unit-schemas.ts';

const featureSchema = z
  .string()
  .min(1)
  .max(64)
  .nullable()
  .default(null)
  .describe('Only this feature; null: every one.');

/** One message between API IoT and vehicle. */
const messageFaults = [
  directedFault('message', 'lose_command', downstream, nothing),
  directedFault(
    'message',
    'lose_ack',
    upstream,
    z
      .strictObject({
        withStatus: z
          .boolean()
          .default(false)
          .describe('The status that would tell the new state is lost with it.'),
      })
      .default({ withStatus: false }),
  ),
  directedFault(
    'message',
    'duplicate',
    bothStreams,
    z.strictObject({ delayMs: durationSchema.default(0) }).default({ delayMs: 0 }),
  ),
  directedFault('message', 'reorder', bothStreams, z.strictObject({ delayMs: durationSchema })),
  directedFault(
    'message',
    'delay_ack',
    upstream,
    z.strictObject({
      delayMs: durationSchema,
      withStatus: z
        .boolean()
        .default(false)
        .describe('The status that would tell the new state waits with it, as on a slow uplink.'),
    }),
  ),
  directedFault('message', 'corrupt_payload', bothStreams, nothing),
  directedFault('message', 'stale_version', bothStreams, nothing),
  directedFault('message', 'wrong_vin', bothStreams, nothing),
  directedFault('message', 'expired', downstream, nothing),
] as const;

const unitAttributes = z.strictObject({ feature: featureSchema }).default({ feature: null });
const momentSchema = z.enum(['receiving', 'applying', 'answering']).default('applying');

/** The vehicle itself. */
const vehicleFaults = [
  faultOf(
    'vehicle',
    'reject',
    z
      .strictObject({ reason: z.string().min(1).max(256).default('rejected'), feature: featureSchema })
      .default({ reason: 'rejected', feature: null }),
  ),
  faultOf('vehicle', 'unsupported_hardware', unitAttributes),
  faultOf('vehicle', 'ecu_busy', unitAttributes),
  faultOf('vehicle', 'low_12v', unitAttributes),
  faultOf('vehicle', 'storage_full', unitAttributes),
  faultOf('vehicle', 'partial_apply', nothing),
  faultOf('vehicle', 'hang_at', z.strictObject({ at: momentSchema }).default({ at: 'applying' })),
  faultOf('vehicle', 'crash_at', z.strictObject({ at: momentSchema }).default({ at: 'applying' })),
  faultOf('vehicle', 'restart', nothing),
  faultOf('vehicle', 'apply_but_no_ack', nothing),
  faultOf('vehicle', 'wedged', nothing),
  faultOf('vehicle', 'asleep', nothing),
  faultOf('vehicle', 'clock_skew', z.strictObject({ skewMs: msSchema(-86_400_000, 86_400_000) })),
  faultOf('vehicle', 'feature_lost', z.strictObject({ feature: z.string().min(1).max(64) })),
  faultOf('vehicle', 'feature_gained', z.strictObject({ feature: z.string().min(1).max(64) })),
] as const;

const commandsNeedMessages = 'only faults of the layer message can name commands: remove it';
const fromNeedsMessages = 'only faults of messages and of services begin with a later one: remove it';
const stateNeedsLength =
  'a fault that waits for a state needs schedule.forMs, how long it lasts from then on';
const stateRepeatsByItself =
  'a fault that waits for a state comes again with it: remove everyMs, or limit it with first';

/** A fault of vehicles, as data: in a scenario, and at run time over REST. */
export const vehicleFaultRecordSchema = z
  .discriminatedUnion('type', [...linkFaults, ...messageFaults, ...vehicleFaults])
  .check(({ value: { layer, target, schedule }, issues }) => {
    if (schedule?.from !== undefined && layer !== 'message') {
      const path = ['schedule', 'from'];
      issues.push({ code: 'custom', input: schedule.from, path, message: fromNeedsMessages });
    }
    const { commands } = target.selector;
    if (commands !== undefined && layer !== 'message') {
      const path = ['target', 'selector', 'commands'];
      issues.push({ code: 'custom', input: commands, path, message: commandsNeedMessages });
    }
    if (target.selector.state === undefined) return;
    if (schedule?.forMs === undefined) {
      issues.push({
        code: 'custom',
        input: schedule,
        path: ['schedule', 'forMs'],
        message: stateNeedsLength,
      });
    }
    if (schedule?.everyMs !== undefined) {
      issues.push({
        code: 'custom',
        input: schedule,
        path: ['schedule', 'everyMs'],
        message: stateRepeatsByItself,
      });
    }
  });
export type VehicleFaultRecord = z.infer<typeof vehicleFaultRecordSchema>;
export type VehicleFaultType = VehicleFaultRecord['type'];

/** What a record says of a vehicle once it was chosen. Null for good, where a record has no such word. */
export type StandingFault = VehicleFaultRecord extends infer One
  ? One extends VehicleFaultRecord
    ? Omit<One, 'target' | 'schedule'> & {
        readonly state?: VehicleState;
        readonly commands?: CommandSelector;
        readonly schedule?: StandingSchedule;
      }
    : never
  : never;

export interface StandingSchedule {
  readonly afterMs?: number | undefined;
  readonly forMs?: number | null | undefined;
  readonly everyMs?: number | undefined;
  readonly from?: number | undefined;
  readonly first?: number | undefined;
}

/** The record as it is for one of its vehicles. */
export function standingFault({ target, ...record }: VehicleFaultRecord): StandingFault {
  const { state, commands } = target.selector;
  return { ...record, ...(state ? { state } : {}), ...(commands ? { commands } : {}) } as StandingFault;
}

const requestsTargetSchema = z.strictObject({
  service: z
    .enum(['api_iot', 'payments', 'platform'])
    .describe(
      'Faults are in front of this service, for every caller. platform: purchases, tickets, callbacks.',
    ),
  method: z.string().min(1).max(16).optional(),
  path: z
    .string()
    .regex(/^\//, 'begin it with a slash')
    .max(256)
    .optional()
    .describe('/vehicle/*/configure: a star stands for one segment.'),
  purchase: purchasePlaceSchema.optional(),
});

function serviceFault<Type extends string, Target extends z.ZodType, Attributes extends z.ZodType>(
  type: Type,
  target: Target,
  attributes: Attributes,
) {
  return z.strictObject({
    name: common.name,
    layer: z.literal('services'),
    type: z.literal(type),
    toxicity: common.toxicity,
    target,
    schedule: common.schedule,
    attributes,
  });
}

function requestFault<Type extends HttpFault['type'], Attributes extends z.ZodType>(
  type: Type,
  attributes: Attributes,
) {
  return serviceFault(type, requestsTargetSchema, attributes);
}

/** Channel of notifications: the type decides its service, so the target need not name it. */
function channelFault<Type extends keyof typeof channelOfFault, Attributes extends z.ZodType>(
  type: Type,
  attributes: Attributes,
) {
  const service = channelOfFault[type];
  const target = z
    .strictObject({
      service: z.literal(service).default(service),
      recipient: z
        .string()
        .min(1)
        .max(254)
        .optional()
        .describe('Only messages to an address, or a push endpoint, that contains this text.'),
    })
    .default({ service });
  return serviceFault(type, target, attributes);
}

const serviceFaults = [
  requestFault('server_error', httpFaultAttributes.server_error.default({ status: 503 })),
  requestFault('response_lost', nothing),
  requestFault('rate_limited', httpFaultAttributes.rate_limited),
  requestFault('unauthorized', nothing),
  requestFault('unreachable', httpFaultAttributes.unreachable.default({ breaks: false })),
  requestFault('slow', httpFaultAttributes.slow),
  channelFault('smtp_down', channelDownAttributes),
  channelFault('push_down', channelDownAttributes),
  channelFault('smtp_slow', channelSlowAttributes),
  channelFault('push_slow', channelSlowAttributes),
] as const;

/** A fault between the gateway and a service, as data. */
export const serviceFaultRecordSchema = z.discriminatedUnion('type', serviceFaults);
export type ServiceFaultRecord = z.infer<typeof serviceFaultRecordSchema>;

type ChannelFaultRecord = Extract<ServiceFaultRecord, { readonly type: keyof typeof channelOfFault }>;

/** A channel of notifications that is down or slow. */
export type ChannelFault = ChannelFaultRecord extends infer One
  ? One extends ChannelFaultRecord
    ? Omit<One, 'layer' | 'target'> & { readonly match?: { readonly recipient?: string | undefined } }
    : never
  : never;
export type ServiceFault = HttpFault | ChannelFault;

/** One fault of any layer. */
export const faultRecordSchema = z.discriminatedUnion('type', [
  vehicleFaultRecordSchema,
  serviceFaultRecordSchema,
]);
export type FaultRecord = z.infer<typeof faultRecordSchema>;

/** The layer to which a type belongs; null for an unknown type. */
export function layerOf(type: string): FaultRecord['layer'] | null {
  const all = [...linkFaults, ...messageFaults, ...vehicleFaults, ...serviceFaults];
  const known = all.find(({ shape }) => shape.type.value === type);
  return known?.shape.layer.value ?? null;
}

/** The record as its service meets it. */
export function serviceFaultOf({ target, layer: _, ...record }: ServiceFaultRecord): ServiceFault {
  const { service: __, ...match } = target;
  return (Object.keys(match).length === 0 ? record : { ...record, match }) as ServiceFault;
}
