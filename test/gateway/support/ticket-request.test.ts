import { describe, expect, it } from 'vitest';
import { technicianActions } from '../../../gateway/support/ticket-machine.ts';
import { type TicketFlags, ticketRequest } from '../../../simulator/cli/ticket-request.ts';

const visit = { workshop: 'North', at: '2027-01-18T09:00Z' };
const appointment = { workshop: 'North', appointmentAt: Date.parse('2027-01-18T09:00:00Z') };

describe('fleetwake ticket ID', () => {
  it.each<[string, TicketFlags, object]>([
    ['assign', { technician: 'ben' }, { technician: 'ben' }],
    ['start', {}, {}],
    ['comment', { text: 'looked at it' }, { text: 'looked at it' }],
    ['retry', {}, {}],
    [
      'payload',
      { set: ['levels=2', 'zones=front', 'stopAndGo=true', 'note=a=b', 'distance=1.5'] },
      { parameters: { levels: 2, zones: 'front', stopAndGo: true, note: 'a=b', distance: 1.5 } },
    ],
    ['inspection', { ...visit, reason: 'heater' }, { ...appointment, reason: 'heater' }],
    ['escalate', { team: 'api-iot', reason: 'no coverage' }, { team: 'api_iot', reason: 'no coverage' }],
    ['contact', { message: 'Where is it?' }, { message: 'Where is it?' }],
    ['resolve', { resolution: 'manual-activation' }, { resolution: 'manual_activation' }],
    [
      'resolve',
      { resolution: 'service-appointment', ...visit },
      { resolution: 'service_appointment', ...appointment },
    ],
    [
      'resolve',
      { resolution: 'bug-report', reference: 'BUG-7', workaround: 'the buttons' },
      { resolution: 'bug_report', reference: 'BUG-7', workaround: 'the buttons' },
    ],
    ['payload', { set: ['levels=007', 'glow=null'] }, { parameters: { levels: 7, glow: null } }],
    ['keep', {}, {}],
    ['close', {}, {}],
    ['reopen', { reason: 'cold again' }, { reason: 'cold again' }],
  ])('%s %j sends %j', (move, flags, body) => {
    expect(ticketRequest('tkt_1', move, { as: 'ana', ...flags })).toEqual({
      path: `/tickets/tkt_1/${move}`,
      body: { by: 'ana', ...body },
    });
  });

  it.each<[string, TicketFlags, string]>([
    ['dance', {}, `unknown ticket action "dance"; use one of: ${technicianActions.join(', ')}`],
    ['start', {}, 'fleetwake ticket ID start needs --as'],
    ['assign', { as: 'ana' }, 'fleetwake ticket ID assign needs --technician'],
    ['payload', { as: 'ana' }, 'fleetwake ticket ID payload needs --set name=value'],
    ['payload', { as: 'ana', set: ['levels'] }, '--set takes name=value, such as levels=2, not "levels"'],
    [
      'inspection',
      { as: 'ana', workshop: 'North', at: 'monday' },
      '--at must be a time such as 2027-01-18T09:00Z, not "monday"',
    ],
    [
      'resolve',
      { as: 'ana', resolution: 'shrug' },
      '--resolution must be manual-activation, service-appointment or bug-report, not "shrug"',
    ],
    ['resolve', { as: 'ana', resolution: 'bug-report' }, 'fleetwake ticket ID resolve needs --reference'],
  ])('%s %j says what is wrong: %s', (move, flags, sentence) => {
    expect(() => ticketRequest('tkt_1', move, flags)).toThrow(sentence);
  });
});
