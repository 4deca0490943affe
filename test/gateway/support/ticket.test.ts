import { expect, it } from 'vitest';
import { newActivation, newDeactivation } from '../../../gateway/activation/activation.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { ticketFields, ticketPriority } from '../../../gateway/support/ticket.ts';
import { startAt, vin } from '../../helpers/notification-rows.ts';
import { diagnostics, failedActivation, payload, twin, unread } from '../../helpers/ticket-samples.ts';

const seats = { id: 'act_1', vin, serviceId: 'heated-seats', feature: 'seats_1', policy: standardPolicy };
const bought = newActivation(
  seats,
  { capture: 'on_delivery', amountMinor: 4990, currency: 'EUR', method: 'pm_card_visa' },
  startAt,
);
const order = {
  customerId: 'cus_1',
  customerEmail: 'customer1@example.org',
  serviceName: 'Heated Seats',
  preDelivery: false,
};

it('fills the 18 fields of the specification, in its order', () => {
  const fields = ticketFields('tkt_1', failedActivation(bought), order, diagnostics);
  expect(Object.entries(fields)).toEqual([
    ['ticketId', 'tkt_1'],
    ['vin', '11111111111111111'],
    ['customerId', 'cus_1'],
    ['customerEmail', 'customer1@example.org'],
    ['serviceId', 'heated-seats'],
    ['serviceName', 'Heated Seats'],
    ['paymentTransactionId', 'pi_1'],
    ['paymentAmount', { amountMinor: 4990, currency: 'EUR' }],
    ['activationRequestTime', startAt],
    [
      'retryAttempts',
      [
        {
          attempt: 1,
          startedAt: startAt + 1,
          endedAt: startAt + 305_000,
          commandId: 'cmd_1',
          version: 3,
          response: {
            category: 'vehicle_offline',
            code: 'timed_out',
            message: 'the vehicle did not answer in time and is offline',
            mayHaveSucceeded: true,
          },
        },
        {
          attempt: 2,
          startedAt: startAt + 335_000,
          endedAt: startAt + 335_100,
          commandId: null,
          version: null,
          response: {
            category: 'api_iot_error',
            code: 'internal',
            message: 'API IoT answered 500',
            mayHaveSucceeded: false,
          },
        },
      ],
    ],
    ['lastErrorCode', 'internal'],
    ['lastErrorMessage', 'API IoT answered 500'],
    ['vehicleStatusSnapshot', twin],
    ['vehicleOnlineStatus', false],
    ['networkSignalStrength', -112],
    ['vehicleFirmwareVersion', '4.2.1'],
    ['configurationPayload', payload],
    ['priority', 'HIGH'],
  ]);
});

it('says why a field could not be read', () => {
  const fields = ticketFields('tkt_1', failedActivation(bought), order, unread);
  expect(fields).toMatchObject({
    vehicleStatusSnapshot: { unavailable: 'API IoT: no answer within 10 s' },
    vehicleOnlineStatus: { unavailable: 'API IoT: 503' },
    networkSignalStrength: { unavailable: 'API IoT: 503' },
    vehicleFirmwareVersion: { unavailable: 'API IoT: no answer within 10 s' },
    configurationPayload: { unavailable: 'no template for aurora-2026' },
  });
});

it('takes from the status what the health did not say, and names what the vehicle never reported', () => {
  const fromStatus = ticketFields('tkt_1', bought, order, { ...diagnostics, health: unread.health });
  expect(fromStatus).toMatchObject({ vehicleOnlineStatus: false, networkSignalStrength: -101 });
  const never = { unavailable: 'the vehicle never reported it' };
  const silent = ticketFields('tkt_1', bought, order, {
    ...diagnostics,
    status: { ...twin, firmware: null, telemetry: {} },
    health: { ...(diagnostics.health as object), signalStrengthDbm: null } as typeof diagnostics.health,
  });
  expect(silent).toMatchObject({ vehicleFirmwareVersion: never, networkSignalStrength: never });
});

it('says of a deactivation without a purchase what it lacks', () => {
  const nobody = { customerId: null, customerEmail: null, serviceName: null, preDelivery: false };
  const fields = ticketFields('tkt_1', newDeactivation(seats, 'deactivation', startAt), nobody, diagnostics);
  expect(fields).toMatchObject({
    customerId: { unavailable: 'the vehicle has no customer' },
    customerEmail: { unavailable: 'the vehicle has no customer' },
    serviceName: { unavailable: 'this deactivation has no purchase' },
    paymentTransactionId: { unavailable: 'no money belongs to this deactivation' },
    paymentAmount: { unavailable: 'no money belongs to this deactivation' },
    retryAttempts: [],
    lastErrorCode: { unavailable: 'no failure was recorded' },
    lastErrorMessage: { unavailable: 'no failure was recorded' },
    priority: 'MEDIUM',
  });
});

it('is HIGH when money was held or taken, MEDIUM before delivery of the vehicle and without money', () => {
  const paid = failedActivation(bought);
  expect(ticketPriority(paid, false)).toBe('HIGH');
  expect(ticketPriority(paid, true)).toBe('MEDIUM');
  expect(ticketPriority(bought, false)).toBe('MEDIUM');
  expect(ticketPriority({ settlement: null }, false)).toBe('MEDIUM');
});
