import { expect, it } from 'vitest';
import {
  faultFlags,
  lookUpFlags,
  recordFlags,
  registerFlags,
  registerMembers,
  restoreFlags,
  settlementFlags,
  ticketFlags,
  withFlagNames,
} from '../../../simulator/cli/flag-names.ts';

it.each([
  [faultFlags, 'schedule.afterMs is -5; write at least 0', '--after is -5; write at least 0'],
  [faultFlags, 'target.selector.vins[0] is "x"; toxicity is 2', '--vin is "x"; --toxicity is 2'],
  [faultFlags, 'attributes.latencyMs is "soon"; write a number', '--set latencyMs is "soon"; write a number'],
  [faultFlags, 'the fault has an unknown field', 'the fault has an unknown field'],
  [ticketFlags, 'query/state: write one of open', '--state: write one of open'],
  [
    ticketFlags,
    'body/appointmentAt: must not be past; body/by: too long',
    '--at: must not be past; --as: too long',
  ],
  [ticketFlags, 'path/id: too long', 'the ticket: too long'],
  [lookUpFlags('purchase'), 'query/limit: 1 to 100; path/id: x', '--limit: 1 to 100; the purchase: x'],
  [recordFlags, 'query/view: write customer', '--view: write customer'],
  [
    restoreFlags,
    'body/customerId: a; body/by: b; body/duration/unit: c',
    '--customer: a; --as: b; --duration: c',
  ],
  [registerFlags, 'body/customers/0/id: 1 to 255', '--customer: 1 to 255'],
  [registerFlags, 'body/vehicles/0/model: too long', '--model: too long'],
  [registerMembers, 'body/customers/17/email: no address', 'email: no address'],
  [registerMembers, 'body/vehicles/3/customerId: no customer', 'customer: no customer'],
  [settlementFlags, 'body/amountMinor: write the full amount', '--amount: write the full amount'],
])('names the flag that was typed, not the field that it became: %#', (flags, text, named) => {
  expect(withFlagNames(text, flags)).toBe(named);
});
