import { expect, it } from 'vitest';
import { pagerDutyIncidentMessage } from '../../../gateway/support/incident-event.ts';
import type { Ticket } from '../../../gateway/support/stored-ticket.ts';
import { pagerDutyMessage } from '../../../gateway/support/ticket-event.ts';

const line = {
  ...{ type: 'ticket.opened', at: 1_800_000_000_000, actor: 'engine', data: '{}' },
  ...{ activation_id: 'act_1', purchase_id: null },
};
const ticketOf = (fields: object) =>
  ({
    id: 'tkt_1',
    incidentId: null,
    fields: { vin: 'V', serviceId: 'seats', priority: 'HIGH', lastErrorCode: 'rejected', ...fields },
  }) as unknown as Ticket;
const summaryOf = (fields: object) =>
  (pagerDutyMessage('key', line, ticketOf(fields)) as { payload: { summary: string } }).payload.summary;

it("shows none of the hidden characters of a vehicle's reason in the summary of an alert", () => {
  expect(summaryOf({ lastErrorMessage: 'no\u001b[2J \u202eroom\u0007' })).toBe(
    'HIGH: seats could not be activated on V: no [2J room',
  );
});

it('says of a vehicle that contradicts itself that it does not keep its state', () => {
  expect(summaryOf({ lastErrorCode: 'state_contradicted', lastErrorMessage: 'dormant again' })).toBe(
    'HIGH: seats does not keep its state on V: dormant again',
  );
});

it('keeps the summary of a pause within what PagerDuty takes, and on one line', () => {
  const pause = { incidentId: 'inc_1', cause: 'paused', reason: `first\nsecond ${'x'.repeat(1_990)}` };
  const opened = { type: 'incident.opened', at: 1, actor: 'operator:ann', data: JSON.stringify(pause) };
  const { payload } = pagerDutyIncidentMessage('key', opened) as { payload: { summary: string } };
  const start = 'HIGH: activations wait: operator:ann paused the engine (first second ';
  expect(payload.summary).toBe(`${start}${'x'.repeat(1_024 - start.length)}`);
});
