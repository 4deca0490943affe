import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { Plan } from '../scenarios/plan.ts';
import { planOf } from './plan-of-test-case.ts';
import type { ActivationFault, HttpStep, ScheduledActivation, SystemFault, TestCase } from './test-case.ts';

/** Requests of Fleetwake's platform and its users, which an engine of the user's own does not have; and push messages. */
const stepsOfThePlatform: ReadonlySet<HttpStep> = new Set([
  'purchase',
  'cancel',
  'ticket',
  'callback',
  'push',
]);

/** What a run of an engine of the user's own lets happen to it. */
export interface EngineMishaps {
  /** Its process is killed and stopped, and starts again. */
  readonly restarts: boolean;
}

/**
 * Returns the test case without what only Fleetwake's own platform has: cancellations, control units that reconciliation finds, the
 * support desk, disputes, refused refunds and their operators, transfers, services by the hour, and faults of NATS and push messages. Where
 * an engine restarts, crashes and stops of the platform are its own; elsewhere there are none.
 */
export function forOwnEngine(testCase: TestCase, { restarts }: EngineMishaps): TestCase {
  const { version, seed, batchMs, policy, fleet, skewMs, activations, world } = testCase;
  return {
    ...{ version, seed, batchMs, policy, skewMs },
    ...(fleet === undefined ? {} : { fleet }),
    activations: activations.map(purchaseOnly),
    world: world.filter((fault) => isOutsideThePlatform(fault) || (restarts && isOfTheEngine(fault))),
  };
}

function purchaseOnly({
  vehicle,
  service,
  atMs,
  card,
  againAfterMs,
  faults,
}: ScheduledActivation): ScheduledActivation {
  return {
    ...{ vehicle, service, atMs, againAfterMs },
    // People settle a refused refund, and only Fleetwake's platform has their desk.
    card: card === 'refund_refused' ? 'good' : card,
    faults: faults.filter(meetsAnyEngine),
  };
}

function meetsAnyEngine(fault: ActivationFault): boolean {
  return fault.type !== 'http' || !stepsOfThePlatform.has(fault.step);
}

function isOutsideThePlatform(fault: SystemFault): boolean {
  switch (fault.type) {
    case 'cut':
    case 'restart':
    case 'broker_restarted':
      return true;
    case 'crash':
    case 'stop':
      return fault.process === 'api_iot';
    case 'down':
      return fault.service !== 'nats' && fault.service !== 'push';
    case 'crash_at':
    case 'registered_again':
    case 'nats_wiped':
      return false;
    default:
      return fault satisfies never;
  }
}

/** The platform's process stands for the engine's; no other engine publishes wake-ups. */
function isOfTheEngine(fault: SystemFault): boolean {
  if (fault.type === 'crash' || fault.type === 'stop') return fault.process === 'platform';
  return fault.type === 'crash_at' && fault.call !== 'wake_up' && fault.call !== 'push';
}

/** Returns the plan of a run against an engine of the user's own. A fault of a payment meets that of any purchase: only Fleetwake's keys tell them apart. */
export function planForOwnEngine(testCase: TestCase, catalogue: Catalogue, mishaps: EngineMishaps): Plan {
  const { paymentsFaults, ...plan } = planOf(forOwnEngine(testCase, mishaps), catalogue);
  if (paymentsFaults === undefined) return plan;
  return {
    ...plan,
    paymentsFaults: paymentsFaults.map((fault) => {
      if (fault.match === undefined) return fault;
      const { purchase: _, ...match } = fault.match;
      return { ...fault, match };
    }),
  };
}
