import { expect, it } from 'vitest';
import {
  faultFlags,
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
  [settlementFlags, 'body/amountMinor: write the full amount', '--amount: write the full amount'],
])('names the flag that was typed, not the field that it became: %#', (flags, text, named) => {
  expect(withFlagNames(text, flags)).toBe(named);
});
