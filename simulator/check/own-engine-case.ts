import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { Plan } from '../scenarios/plan.ts';
import { planOf } from './plan-of-test-case.ts';
import type { SystemFault } from './system-fault.ts';
import type { ActivationFault, HttpStep, ScheduledActivation, TestCase } from './test-case.ts';

/** Requests of Fleetwake's platform and its users, which an engine of the user's own does not have. */
const stepsOfThePlatform: ReadonlySet<HttpStep> = new Set(['purchase', 'cancel', 'ticket', 'callback']);

/** Faults that an engine of the user's own meets beside those of every engine. */
export interface EngineFaultKinds {
  /** Its process is killed and stopped, and starts again. */
  readonly restarts: boolean;
  /** The push service fails. */
  readonly pushes: boolean;
}

/**
 * Returns the test case without what only Fleetwake's own platform has: cancellations, control units that reconciliation finds, the
 * support desk, disputes, refused refunds and their operators, transfers, services by the hour, and faults of NATS. Where an engine
 * restarts, crashes and stops of the platform are its own; where it sends push messages, they fail; elsewhere neither happens.
 */
export function forOwnEngine(testCase: TestCase, faultKinds: EngineFaultKinds): TestCase {
  const { version, seed, batchMs, policy, fleet, skewMs, activations, world } = testCase;
  return {
    ...{ version, seed, batchMs, policy, skewMs },
    ...(fleet === undefined ? {} : { fleet }),
    activations: activations.map((activation) => purchaseOnly(activation, faultKinds)),
    world: world.filter((fault) => meetsTheSystem(fault, faultKinds)),
  };
}

function purchaseOnly(
  { vehicle, service, atMs, card, againAfterMs, faults }: ScheduledActivation,
  faultKinds: EngineFaultKinds,
): ScheduledActivation {
  return {
    ...{ vehicle, service, atMs, againAfterMs },
    // People settle a refused refund, and only Fleetwake's platform has their desk.
    card: card === 'refund_refused' ? 'good' : card,
    faults: faults.filter((fault) => meetsAnyEngine(fault, faultKinds)),
  };
}

function meetsAnyEngine(fault: ActivationFault, { pushes }: EngineFaultKinds): boolean {
  if (fault.type !== 'http' || fault.step === 'push') return fault.type !== 'http' || pushes;
  return !stepsOfThePlatform.has(fault.step);
}

/** The platform's process stands for that of the engine. */
function meetsTheSystem(fault: SystemFault, { restarts, pushes }: EngineFaultKinds): boolean {
  switch (fault.type) {
    case 'cut':
    case 'restart':
    case 'broker_restarted':
    case 'lossy':
    case 'api_iot_fails':
      return true;
    case 'crash':
    case 'stop':
      return fault.process === 'api_iot' || restarts;
    case 'crash_at':
      // No other engine publishes wake-ups.
      return restarts && fault.call !== 'wake_up' && (fault.call !== 'push' || pushes);
    case 'down':
      return fault.service !== 'nats' && (fault.service !== 'push' || pushes);
    case 'registered_again':
    case 'nats_wiped':
    case 'clock_set':
    case 'database_fails':
      return false;
    default:
      return fault satisfies never;
  }
}

/** Returns the plan of a run against an engine of the user's own. A fault of a payment meets that of any purchase, and one of a push message that to any phone: only Fleetwake's keys and endpoints tell them apart. */
export function planForOwnEngine(
  testCase: TestCase,
  catalogue: Catalogue,
  faultKinds: EngineFaultKinds,
): Plan {
  const { paymentsFaults, channelFaults, ...plan } = planOf(forOwnEngine(testCase, faultKinds), catalogue);
  return {
    ...plan,
    ...(paymentsFaults && {
      paymentsFaults: paymentsFaults.map((fault) => {
        if (fault.match === undefined) return fault;
        const { purchase: _, ...match } = fault.match;
        return { ...fault, match };
      }),
    }),
    ...(channelFaults && {
      channelFaults: channelFaults.map((fault) =>
        fault.type === 'push_down' || fault.type === 'push_slow' ? { ...fault, match: {} } : fault,
      ),
    }),
  };
}
