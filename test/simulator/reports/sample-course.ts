import type { Activation, Attempt } from '../../../gateway/activation/activation.ts';
import type { Failure } from '../../../gateway/activation/failure.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import type { ActivationRow } from '../../../gateway/store/schema.ts';
import { startedAt, vinA, vinB, vinC } from './sample-names.ts';

const timedOut: Failure = {
  category: 'vehicle_offline',
  code: 'timed_out',
  message: 'the vehicle was offline until the command timed out',
  temporary: true,
  mayHaveSucceeded: true,
};
const unavailable: Failure = {
  category: 'api_iot_error',
  code: 'unavailable',
  message: 'not now',
  temporary: true,
  mayHaveSucceeded: true,
};
const incompatible: Failure = {
  category: 'vehicle_incompatible',
  code: 'vehicle-incompatible',
  message: 'the vehicle has no sport_mode',
  temporary: false,
  mayHaveSucceeded: false,
};

/** Attempts of `act_b`: a command each, 3 s until it times out, and the back-off. */
export const attemptStartsMs = [230, 3_430, 6_830, 10_630, 15_230, 21_230] as const;

function attempt(
  number: number,
  startMs: number,
  endMs: number,
  failure: Failure | null,
  commandId: string | null,
): Attempt {
  return {
    number,
    startedAt: startedAt + startMs,
    commandId,
    version: commandId === null ? null : number,
    expiresAt: commandId === null ? null : startedAt + startMs + 3_000,
    endedAt: startedAt + endMs,
    failure,
  };
}

function activation(
  letter: string,
  vin: string,
  feature: string,
  settlement: NonNullable<Activation['settlement']>['status'],
  more: Pick<Activation, 'phase' | 'attempts' | 'failure'>,
  requestedMs: number,
  endedMs: number,
): ActivationRow {
  const state: Activation = {
    id: `act_${letter}`,
    kind: 'activation',
    vin,
    serviceId: feature.replace('_', '-'),
    feature,
    policy: standardPolicy,
    requestedAt: startedAt + requestedMs,
    deadlineAt: null,
    dueAt: null,
    vehicleChecked: true,
    postponed: 0,
    delivery: null,
    revocationOwed: false,
    lateSuccessAt: null,
    settlement: {
      status: settlement,
      capture: 'on_delivery',
      amountMinor: 1_490,
      currency: 'EUR',
      method: 'pm_card_visa',
      paymentId: `pay_${letter}`,
      unanswered: 0,
      dueAt: null,
      problem: null,
    },
    ...more,
  };
  return {
    id: state.id,
    purchase_id: `pur_${letter}`,
    parent_id: null,
    vin,
    service_id: state.serviceId,
    feature,
    kind: 'activation',
    phase: state.phase,
    settlement,
    priority: 0,
    state: JSON.stringify(state),
    version: 9,
    due_at: null,
    requested_at: state.requestedAt,
    ended_at: startedAt + endedMs,
  };
}

export function sampleActivations(): ActivationRow[] {
  const triedB = attemptStartsMs.map((startMs, index) =>
    attempt(index + 1, startMs, startMs + 3_000, timedOut, `cmd_b${index + 1}`),
  );
  const ended = { failure: null, attempts: [] } as const;
  const rows = [
    activation(
      'a',
      vinA,
      'heated_seats',
      'captured',
      {
        phase: 'active',
        failure: null,
        attempts: [
          attempt(1, 130, 140, unavailable, null),
          { ...attempt(2, 340, 900, null, 'cmd_a2'), version: 1 },
        ],
      },
      100,
      900,
    ),
    activation(
      'b',
      vinB,
      'heated_seats',
      'voided',
      { phase: 'failed', failure: timedOut, attempts: triedB },
      200,
      26_010,
    ),
    activation(
      'c',
      vinA,
      'adaptive_cruise',
      'captured',
      {
        phase: 'active',
        failure: null,
        attempts: [{ ...attempt(1, 600, 800, null, 'cmd_c1'), version: 1 }],
      },
      300,
      800,
    ),
    activation('d', vinA, 'remote_start', 'declined', { ...ended, phase: 'declined' }, 400, 410),
    activation(
      'e',
      vinC,
      'sport_mode',
      'refunded',
      { phase: 'failed', failure: incompatible, attempts: [] },
      500,
      570,
    ),
  ];
  const revocation: ActivationRow = {
    ...activation(
      'r',
      vinB,
      'heated_seats',
      'declined',
      { ...ended, phase: 'queued_for_activation' },
      25_900,
      0,
    ),
    purchase_id: 'pur_b',
    parent_id: 'act_b',
    kind: 'revocation',
    settlement: null,
    priority: 1,
    ended_at: null,
  };
  return [...rows, revocation];
}

export function sampleRecord() {
  const lines: [string, number, string, object][] = [
    ['a', 130, 'activation.sending_command', { attempt: 1 }],
    ['a', 140, 'activation.failure', { attempt: 1, failure: unavailable }],
    ['a', 340, 'activation.sending_command', { attempt: 2 }],
    ['a', 900, 'activation.active', {}],
    ...attemptStartsMs.flatMap((startMs, index): [string, number, string, object][] => [
      ['b', startMs, 'activation.sending_command', { attempt: index + 1 }],
      ['b', startMs + 3_000, 'activation.failure', { attempt: index + 1, failure: timedOut }],
    ]),
    ['b', 26_010, 'activation.failed', {}],
    ['c', 600, 'activation.sending_command', { attempt: 1 }],
    ['c', 800, 'activation.active', {}],
    ['d', 410, 'activation.declined', {}],
    ['e', 540, 'activation.failure', { failure: incompatible }],
    ['e', 570, 'activation.failed', {}],
  ];
  return lines.map(([letter, atMs, type, data], index) => ({
    seq: index + 1,
    id: `rec_${index + 1}`,
    purchase_id: `pur_${letter}`,
    activation_id: `act_${letter}`,
    at: startedAt + atMs,
    type,
    actor: 'engine',
    data: JSON.stringify(data),
  }));
}
