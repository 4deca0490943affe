import { z } from 'zod';
import { faultsMax } from '../fleet/fault-set.ts';
import { durationSchema, instantSchema, modelIds, nthSchema, systemFaultSchema } from './system-fault.ts';

/** What may be lost on the way between the services: which call of an activation, and how it goes wrong. */
export const httpSteps = [
  'purchase',
  'authorise',
  'capture',
  'void',
  'refund',
  'configure',
  'status',
  'health',
  'command',
  'history',
  'token',
  'cancel',
  'ticket',
  'callback',
  'email',
  'push',
] as const;
export type HttpStep = (typeof httpSteps)[number];

/** Addressed by meaning: the activation that holds the fault, then the n-th message, result or call of a kind. */
const faultSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('message'),
    /** Toward the vehicle (command, revocation) or its answer (ack, revocation_ack). */
    channel: z.enum(['command', 'ack', 'revocation', 'revocation_ack']),
    nth: nthSchema,
    how: z.enum(['drop', 'duplicate', 'delay']),
    delayMs: durationSchema,
  }),
  /** All messages of these attempts are lost: the commands, or the vehicle's answers. */
  z.strictObject({
    type: z.literal('mute'),
    what: z.enum(['command', 'answer']),
    /** Of the commands that switch off; without it of those that switch on. */
    target: z.literal('dormant').exactOptional(),
    from: nthSchema,
    to: nthSchema,
  }),
  /** The answer to the last attempt that the policy allows comes this long after the command. */
  z.strictObject({ type: z.literal('late'), delayMs: durationSchema }),
  /** The vehicle fails the first `nth` attempts for a temporary reason, or refuses the n-th for good after temporary failures. */
  z.strictObject({ type: z.literal('result'), nth: nthSchema, kind: z.enum(['retryable', 'fatal']) }),
  z.strictObject({
    type: z.literal('http'),
    step: z.enum(httpSteps),
    nth: nthSchema,
    /** So many calls in a row. */
    count: z.int().min(1).max(50),
    how: z.enum(['request_lost', 'response_lost', 'server_error', 'slow']),
  }),
]);
export type ActivationFault = z.infer<typeof faultSchema>;
export type HttpFailure = Extract<ActivationFault, { type: 'http' }>['how'];

export const cards = ['good', 'declined', 'capture_declined', 'refund_refused'] as const;

/** What becomes of a service, and when: so long after it was bought. */
const lifeEventSchema = z.discriminatedUnion('type', [
  /** The customer cancels the first purchase of it, or the latest that was answered. */
  z.strictObject({
    type: z.literal('cancel'),
    afterMs: z.int().min(0).max(86_400_000),
    which: z.enum(['first', 'latest']),
  }),
  /** A workshop replaces the control unit: the feature becomes dormant, or active. */
  z.strictObject({ type: z.enum(['feature_lost', 'feature_gained']), afterMs: durationSchema }),
]);
export type LifeEvent = z.infer<typeof lifeEventSchema>;

/** What a technician does with a ticket; `resolve_…` are the three resolutions. */
export const technicianActs = [
  'start',
  'retry',
  'keep',
  'contact',
  'inspection',
  'escalate',
  'assign',
  'resolve_active',
  'resolve_visit',
  'resolve_workaround',
  'close',
  'reopen',
] as const;
export type TechnicianAct = (typeof technicianActs)[number];

/** How an operator ends what the payment service refused for good, or a dispute; `other_means` pays back or collects. */
export const operatorDecisions = ['other_means', 'written_off', 'retry'] as const;
export type OperatorDecision = (typeof operatorDecisions)[number];

export const activationSchema = z.strictObject({
  /** Index into the fleet; each vehicle belongs to a customer of its own. */
  vehicle: z.int().min(0).max(3),
  /** Index into the catalogue's services; beyond the last it begins anew. */
  service: z.int().min(0).max(499),
  atMs: instantSchema,
  card: z.enum(cards),
  /** The customer buys the same again, so long after. */
  againAfterMs: durationSchema.nullable(),
  faults: z.array(faultSchema).max(8),
  /** Bought for so many hours, each of which passes in a minute; without it, for what the service's last offer says. */
  hours: z.int().min(1).max(240).exactOptional(),
  life: z.array(lifeEventSchema).max(6).exactOptional(),
  /** How a technician works each ticket of the feature: an act so long after the one before, the first after it was opened. */
  support: z
    .array(z.strictObject({ act: z.enum(technicianActs), afterMs: durationSchema }))
    .max(8)
    .exactOptional(),
  /** The customer's bank takes the charge back, so long after the purchase, and decides so long after that, or never (`open`). */
  dispute: z
    .strictObject({
      afterMs: instantSchema,
      outcome: z.enum(['open', 'won', 'lost']),
      decidedAfterMs: durationSchema,
    })
    .exactOptional(),
  /** What an operator decides each time that the money waits for people, or that a bank has opened or decided a dispute, so long after. */
  operator: z
    .array(z.strictObject({ decision: z.enum(operatorDecisions), afterMs: durationSchema }))
    .max(4)
    .exactOptional(),
});
export type ScheduledActivation = z.infer<typeof activationSchema>;

/**
 * One run of `check` as plain JSON: who buys what, what goes wrong, and when. Nothing else decides a run, so a saved
 * test case replays it. Instants are virtual milliseconds after the first moment of the workload; `nth` counts from 1.
 */
export const testCaseSchema = z
  .strictObject({
    version: z.literal(1),
    /** Of every draw that is not in the test case: latencies, identifiers, jitter. */
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1),
    /** Events that are due within so many milliseconds of each other happen in one turn. */
    batchMs: z.int().min(0).max(20),
    /** The policy of every service, and how long the API IoT waits for a vehicle. */
    policy: z.strictObject({
      maxRetries: z.int().min(0).max(20),
      baseDelayMs: z.int().min(1).max(86_400_000),
      maxDelayMs: z.int().min(1).max(86_400_000),
      commandTimeoutMs: z.int().min(1_000).max(3_600_000),
      /** The standard policy's where it is left out. */
      deadlineMs: z.int().min(1).max(2_592_000_000).exactOptional(),
    }),
    /** Model of each vehicle, if it is not the default fleet. */
    fleet: z.array(z.enum(modelIds)).length(4).exactOptional(),
    /** A node's clock minus the true time. */
    skewMs: z.strictObject({
      apiIot: z.int().min(-900).max(900),
      vehicles: z.array(z.int().min(-600_000).max(600_000)).length(4),
    }),
    /** How often each vehicle is compared with what its customers own; never without it. */
    reconcileMs: z.int().min(10_000).max(21_600_000).exactOptional(),
    activations: z.array(activationSchema).min(1).max(40),
    /** The vehicle is registered for another customer, and what is owned on it goes to that customer. */
    transfers: z
      .array(
        z.strictObject({
          vehicle: z.int().min(0).max(3),
          /** The customer by the vehicle that was theirs at the beginning. */
          to: z.int().min(0).max(3),
          atMs: instantSchema,
        }),
      )
      .max(4)
      .exactOptional(),
    world: z.array(systemFaultSchema).max(12),
  })
  .check(({ value, issues }) => {
    const { activations, reconcileMs, transfers = [], world } = value;
    const again = world.filter(({ type }) => type === 'registered_again');
    if (transfers.length > 0 && again.length > 0) {
      const message = 'cannot be combined with registered_again, which names the first owner again';
      issues.push({ code: 'custom', input: value, path: ['transfers'], message });
    }
    for (const vehicle of value.skewMs.vehicles.keys()) {
      if (vehicleFaultCount(vehicle, value) <= faultsMax) continue;
      const message = `vehicle ${vehicle} has more than ${faultsMax} faults: remove some`;
      issues.push({ code: 'custom', input: value, path: ['activations'], message });
    }
    const isReplaced = activations.some(({ life = [] }) => life.some(({ type }) => type !== 'cancel'));
    if (!isReplaced || reconcileMs !== undefined) return;
    const message =
      'is missing: without it nothing finds what a workshop visit (feature_lost, feature_gained) changed';
    issues.push({ code: 'custom', input: value, path: ['reconcileMs'], message });
  });
export type TestCase = z.infer<typeof testCaseSchema>;

/** Returns how many fault records a vehicle gets; each part of a test case makes at most two. */
function vehicleFaultCount(
  vehicle: number,
  { activations, world }: Pick<TestCase, 'activations' | 'world'>,
): number {
  const ofPurchases = activations
    .filter((activation) => activation.vehicle === vehicle)
    .reduce((sum, { faults, life = [] }) => sum + 2 * faults.length + life.length, 0);
  return 1 + ofPurchases + world.filter((fault) => 'vehicle' in fault && fault.vehicle === vehicle).length;
}

/** A test case with the specification's policy, correct clocks and no faults: the start of base scenarios and tests. */
export function calmTestCase(activations: readonly Partial<ScheduledActivation>[]): TestCase {
  return {
    version: 1,
    seed: 1,
    batchMs: 0,
    policy: { maxRetries: 5, baseDelayMs: 30_000, maxDelayMs: 900_000, commandTimeoutMs: 300_000 },
    skewMs: { apiIot: 0, vehicles: [0, 0, 0, 0] },
    activations: activations.map((activation) => ({
      vehicle: 0,
      service: 0,
      atMs: 0,
      card: 'good',
      againAfterMs: null,
      faults: [],
      ...activation,
    })),
    world: [],
  };
}
