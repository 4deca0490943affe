import { expect, test } from 'vitest';
import type { Activation } from '../../../gateway/activation/activation.ts';
import type { ActivationEvent, VehicleEventType } from '../../../gateway/activation/event.ts';
import { type Phase, phases } from '../../../gateway/activation/phase.ts';
import {
  type PaymentStep,
  type SettlementStatus,
  settlementStatuses,
} from '../../../gateway/activation/settlement.ts';
import {
  accepted,
  applied,
  authorised,
  cancelled,
  checked,
  diagnosed,
  failed,
  incompatible,
  limited,
  lostOnTheWay,
  pending,
  play,
  postponed,
  purchase,
  refused,
  second,
  started,
  step,
  switchOff,
  unanswered,
} from '../../helpers/activation-events.ts';

const now = 3_600 * second;

/** A state of each phase in which every event of the phase may happen at `now`. */
const inPhase: Readonly<Record<Phase, () => Activation>> = {
  awaiting_payment: () => purchase(),
  queued_for_activation: () => play(switchOff('deactivation'), [postponed(0)]).activation,
  sending_command: () => play(switchOff('deactivation'), [started(0)]).activation,
  waiting_response: () => play(inPhase.sending_command(), [accepted(0, 1, 2 * now)]).activation,
  waiting_backoff: () => {
    const failedOnce = play(inPhase.sending_command(), [failed(0, 1, lostOnTheWay)]).activation;
    return play(failedOnce, [postponed(30 * second)]).activation;
  },
  querying_vehicle_state: () =>
    play(purchase(), [authorised(0), checked(0), started(0), failed(0, 1, incompatible)]).activation,
  reversing_payment: () => play(inPhase.querying_vehicle_state(), [diagnosed(0)]).activation,
  active: () => play(purchase(), [authorised(0), checked(0), started(0), applied(0, 1)]).activation,
  failed: () => play(inPhase.reversing_payment(), [{ type: 'payment_voided', at: 0 }]).activation,
  cancelled: () =>
    play(purchase(), [
      ...[authorised(0), checked(0), started(0), cancelled(0), failed(0, 1, lostOnTheWay)],
      ...[diagnosed(0), { type: 'payment_voided' as const, at: 0 }],
    ]).activation,
  declined: () => play(purchase(), [refused(0, 'authorise')]).activation,
  dormant: () => play(inPhase.sending_command(), [applied(0, 1)]).activation,
  superseded: () => play(switchOff('revocation'), [{ type: 'feature_owned', at: 0 }]).activation,
};

const vehicleEvents: Readonly<Record<VehicleEventType, ActivationEvent>> = {
  vehicle_checked: checked(now),
  attempt_started: started(now),
  postponed: postponed(now),
  vehicle_free: { type: 'vehicle_free', at: now },
  cancel_requested: cancelled(now),
  feature_owned: { type: 'feature_owned', at: now },
  command_accepted: accepted(now, 1),
  rate_limited: limited(now, 1, now + 60 * second),
  command_pending: pending(now, 1),
  command_applied: applied(now, 1),
  command_failed: failed(now, 1, incompatible),
  diagnostics_read: diagnosed(now),
};

const letter = { accepted: 'A', ignored: 'i', rejected: 'R' } as const;

/** One row a line: its name, then a letter a column. */
function grid(rows: readonly (readonly [name: string, cells: readonly string[]])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, cells]) => `${name.padEnd(width)}  ${cells.join(' ')}`).join('\n');
}

test('every phase answers every event about the vehicle as the table says', () => {
  const seen = phases.map((phase): [string, string[]] => {
    const activation = inPhase[phase]();
    expect(activation.phase).toBe(phase);
    return [phase, Object.values(vehicleEvents).map((event) => letter[step(activation, event).verdict])];
  });
  // A accepted, i ignored, R rejected. Columns: checked started postponed free cancel owned accepted limited pending applied
  // failed diagnostics
  expect(`\n${grid(seen)}\n`).toBe(`
awaiting_payment        R R R R A R R R R R R R
queued_for_activation   R A A A R A i i i A i i
sending_command         i i i i R i A A i A A i
waiting_response        i i i i R i i i A A A i
waiting_backoff         i A A A R A i i i A A i
querying_vehicle_state  i i i i i i i i i A i A
reversing_payment       i i i i i i i i i A i i
active                  i i i i i i i i i i i i
failed                  i i i i i i i i i A i i
cancelled               i i i i i i i i i A i i
declined                R R R R i R R R R R R R
dormant                 i i i i i i i i i i i i
superseded              i i i i i i i i i i i i
`);
});

test('a purchase is checked once before its first attempt', () => {
  const paid = play(purchase(), [authorised(0)]).activation;
  expect(step(paid, started(0))).toMatchObject({
    verdict: 'rejected',
    reason: 'the vehicle was not checked yet',
  });
  const { activation, facts } = play(paid, [checked(0)]);
  expect(facts.map((fact) => fact.type)).toEqual(['vehicle.checked']);
  expect(step(activation, checked(1))).toMatchObject({
    verdict: 'ignored',
    reason: 'the vehicle was checked before',
  });
});

/** The money at each status, on the way that leads there. */
const withMoney: Readonly<Record<SettlementStatus, () => Activation>> = {
  authorising: () => purchase(),
  declined: inPhase.declined,
  authorised: () => play(purchase(), [authorised(0)]).activation,
  capturing: inPhase.active,
  captured: () => play(inPhase.active(), [{ type: 'payment_captured', at: 0 }]).activation,
  uncollectible: () => play(inPhase.active(), [refused(0, 'capture')]).activation,
  voiding: inPhase.reversing_payment,
  voided: inPhase.failed,
  refunding: () =>
    play(purchase('immediately'), [authorised(0), checked(0, incompatible), diagnosed(0)]).activation,
  refunded: () => play(withMoney.refunding(), [{ type: 'payment_refunded', at: 0 }]).activation,
  unsettled: () => play(withMoney.voiding(), [refused(0, 'void')]).activation,
  paid_back: () => play(withMoney.unsettled(), [resolved('paid_back')]).activation,
  collected: () => play(withMoney.uncollectible(), [resolved('collected')]).activation,
  written_off: () => play(withMoney.unsettled(), [resolved('written_off')]).activation,
};

function resolved(kind: 'paid_back' | 'collected' | 'written_off'): ActivationEvent {
  const resolution =
    kind === 'written_off'
      ? { kind, reason: 'it came back by chargeback' }
      : { kind, amountMinor: 4_990, reference: 'SEPA-1' };
  return { type: 'payment_resolved', at: now, by: 'controller', resolution };
}

const steps: readonly PaymentStep[] = ['authorise', 'capture', 'void', 'refund'];
const paymentEvents: readonly ActivationEvent[] = [
  authorised(now),
  { type: 'payment_captured', at: now },
  { type: 'payment_voided', at: now },
  { type: 'payment_refunded', at: now },
  ...steps.map((one) => refused(now, one)),
  ...steps.map((one) => unanswered(now, one)),
  resolved('paid_back'),
  resolved('collected'),
  resolved('written_off'),
  { type: 'payment_retried', at: now, by: 'controller' },
  { type: 'payment_charged_back', at: now, reference: 'dp_1' },
];

test('the money answers every event about it as the table says', () => {
  const seen = settlementStatuses.map((status): [string, string[]] => {
    const activation = withMoney[status]();
    expect(activation.settlement?.status).toBe(status);
    return [
      status,
      paymentEvents.map((event) => {
        const outcome = step(activation, event);
        return outcome.verdict === 'accepted' ? (outcome.activation.settlement?.status ?? '') : '-';
      }),
    ];
  });
  // Where each answer leads (- ignored): authorised captured voided refunded; refused and unanswered, each for authorise
  // capture void refund; resolved as paid_back, collected, written_off; retried; charged back.
  expect(`\n${grid(seen)}\n`).toBe(`
authorising    authorised - - - declined - - - authorising - - - - - - - -
declined       - - - - - - - - - - - - - - - - -
authorised     - - - - - - - - - - - - - - - - -
capturing      - captured - - - uncollectible - - - capturing - - - - - - -
captured       - - - - - - - - - - - - - - - - -
uncollectible  - - - - - - - - - - - - - collected written_off capturing -
voiding        - - voided - - - unsettled - - - voiding - - - - - -
voided         - - - - - - - - - - - - - - - - -
refunding      - - - refunded - - - unsettled - - - refunding - - - - -
refunded       - - - - - - - - - - - - - - - - -
unsettled      - - voided - - - - - - - - - paid_back - written_off voiding -
paid_back      - - - - - - - - - - - - - - - - -
collected      - - - - - - - - - - - - - - - - -
written_off    - - - - - - - - - - - - - - - - -
`);
});

test('what moves no money rejects every answer about money', () => {
  for (const event of paymentEvents) {
    expect(step(switchOff('deactivation'), event)).toMatchObject({
      verdict: 'rejected',
      reason: 'no money is involved',
    });
  }
});
