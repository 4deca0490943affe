import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { StandingFault } from '../faults/fault.ts';
import type { CommandSelector } from '../faults/fault-target.ts';
import type { SystemFault } from './system-fault.ts';
import type { ActivationFault, LifeEvent, ScheduledActivation, TestCase } from './test-case.ts';

type MessageFault = Extract<ActivationFault, { type: 'message' }>;
type MuteFault = Extract<ActivationFault, { type: 'mute' }>;
type ResultFault = Extract<ActivationFault, { type: 'result' }>;

/** Returns the faults of one vehicle of a test case, in the vocabulary of scenarios. */
export function plannedVehicleFaults(
  testCase: TestCase,
  catalogue: Catalogue,
  vehicle: number,
): StandingFault[] {
  const skewMs = testCase.skewMs.vehicles[vehicle] ?? 0;
  return [
    ...(skewMs === 0 ? [] : [clockSkew(skewMs)]),
    ...testCase.activations
      .filter((activation) => activation.vehicle === vehicle)
      .flatMap((activation) => activationFaults(activation, testCase, catalogue)),
    ...testCase.world.flatMap((fault) =>
      'vehicle' in fault && fault.vehicle === vehicle ? timedFault(fault) : [],
    ),
  ];
}

function activationFaults(
  { service, faults, atMs, life = [] }: ScheduledActivation,
  { policy }: TestCase,
  catalogue: Catalogue,
): StandingFault[] {
  const services = catalogue.services();
  const feature = services[service % services.length]?.feature;
  if (feature === undefined) return [];
  const lastAttempt = policy.maxRetries + 1;
  return [
    ...faults.flatMap((fault) => faultOfFeature(fault, feature, lastAttempt)),
    ...life.flatMap((event) => replacedUnit(event, feature, atMs)),
  ];
}

function faultOfFeature(fault: ActivationFault, feature: string, lastAttempt: number): StandingFault[] {
  switch (fault.type) {
    case 'message':
      return [messageFault(fault, feature)];
    case 'mute':
      return [muteFault(fault, feature)];
    case 'late': {
      const attributes = { delayMs: fault.delayMs, withStatus: true };
      const commands: CommandSelector = { feature, kind: 'activation', from: lastAttempt, to: lastAttempt };
      const schedule = { first: 1 };
      return [
        { ...message('late answer'), type: 'delay_ack', stream: 'upstream', attributes, commands, schedule },
      ];
    }
    case 'result':
      return resultFaults(fault, feature);
    case 'http':
      return [];
    default:
      return fault satisfies never;
  }
}

const message = (name: string) => ({ name, layer: 'message', toxicity: 1 }) as const;
const ofVehicle = (name: string) => ({ name, layer: 'vehicle', toxicity: 1 }) as const;

function clockSkew(skewMs: number): StandingFault {
  return { ...ofVehicle('clock skew'), type: 'clock_skew', attributes: { skewMs } };
}

function messageFault({ channel, nth, how, delayMs }: MessageFault, feature: string): StandingFault {
  const isAnswer = channel === 'ack' || channel === 'revocation_ack';
  const kind = channel === 'command' || channel === 'ack' ? 'activation' : 'deactivation';
  const common = {
    ...message(`${channel} ${how}`),
    commands: { feature, kind, from: nth, to: nth },
    schedule: { first: 1 },
  } as const;
  const stream = isAnswer ? 'upstream' : 'downstream';
  switch (how) {
    case 'drop':
      return isAnswer
        ? { ...common, type: 'lose_ack', stream: 'upstream', attributes: { withStatus: false } }
        : { ...common, type: 'lose_command', stream: 'downstream', attributes: {} };
    case 'delay':
      return isAnswer
        ? { ...common, type: 'delay_ack', stream: 'upstream', attributes: { delayMs, withStatus: true } }
        : { ...common, type: 'reorder', stream, attributes: { delayMs } };
    case 'duplicate':
      return { ...common, type: 'duplicate', stream, attributes: { delayMs } };
    default:
      return how satisfies never;
  }
}

function muteFault({ what, target, from, to }: MuteFault, feature: string): StandingFault {
  const kind = target === 'dormant' ? 'deactivation' : 'activation';
  const common = { ...message(`${what} muted`), commands: { feature, kind, from, to } } as const;
  return what === 'command'
    ? { ...common, type: 'lose_command', stream: 'downstream', attributes: {} }
    : { ...common, type: 'lose_ack', stream: 'upstream', attributes: { withStatus: true } };
}

/** Control units that fail the first commands, and may then refuse for good. */
function resultFaults({ kind, nth }: ResultFault, feature: string): StandingFault[] {
  const first = kind === 'retryable' ? nth : nth - 1;
  const busy: StandingFault = {
    ...ofVehicle('control unit busy'),
    type: 'ecu_busy',
    attributes: { feature },
    schedule: { first },
  };
  const refusal: StandingFault = {
    ...ofVehicle('control unit refuses'),
    type: 'reject',
    attributes: { reason: 'unsupported_hardware', feature },
  };
  return [...(first > 0 ? [busy] : []), ...(kind === 'fatal' ? [refusal] : [])];
}

/** A control unit that a workshop puts in. */
function replacedUnit(event: LifeEvent, feature: string, boughtMs: number): StandingFault[] {
  if (event.type === 'cancel') return [];
  const schedule = { afterMs: boughtMs + event.afterMs };
  return [{ ...ofVehicle(event.type), type: event.type, attributes: { feature }, schedule }];
}

function timedFault(fault: Extract<SystemFault, { readonly vehicle: number }>): StandingFault[] {
  switch (fault.type) {
    case 'cut': {
      const schedule = { afterMs: fault.fromMs, forMs: fault.forMs };
      return [{ name: 'link cut', layer: 'link', type: 'offline', toxicity: 1, attributes: {}, schedule }];
    }
    case 'restart':
      return [
        {
          ...ofVehicle('vehicle restarts'),
          type: 'restart',
          attributes: {},
          schedule: { afterMs: fault.atMs },
        },
      ];
    case 'lossy': {
      const { fromMs: afterMs, forMs, lossRate, roundTripMs } = fault;
      const attributes = { lossRate, roundTripMs };
      return (['downstream', 'upstream'] as const).map((stream) => ({
        ...{ name: 'packet loss', layer: 'link', type: 'packet_loss', toxicity: 1, stream, attributes },
        schedule: { afterMs, forMs },
      }));
    }
    case 'registered_again':
      // What an API user does.
      return [];
    default:
      return fault satisfies never;
  }
}
