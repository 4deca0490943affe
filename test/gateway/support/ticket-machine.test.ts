import { describe, expect, it } from 'vitest';
import {
  checkSla,
  legalMoves,
  moves,
  moveTicket,
  type TicketEvent,
  type TicketEventType,
} from '../../../gateway/support/ticket-machine.ts';
import {
  isInHand,
  isOverdue,
  newWork,
  nextSlaMoment,
  type TicketWork,
  ticketStates,
} from '../../../gateway/support/ticket-work.ts';

const hour = 3_600_000;
const times = { responseMs: 4 * hour, resolutionMs: 24 * hour };
const appointment = { workshop: 'Workshop North', at: 9 * hour };

/** One event of each type. */
const events: Readonly<Record<TicketEventType, TicketEvent>> = {
  assign: { type: 'assign', at: 1, by: 'lead', technician: 'ben' },
  start: { type: 'start', at: 1, by: 'ana' },
  comment: { type: 'comment', at: 1, by: 'ana', text: 'looked at it' },
  retry: { type: 'retry', at: 1, by: 'ana', activationId: 'act_2' },
  payload: { type: 'payload', at: 1, by: 'ana', parameters: { levels: 2 } },
  inspection: { type: 'inspection', at: 1, by: 'ana', appointment, reason: 'seat heater' },
  escalate: { type: 'escalate', at: 1, by: 'ana', team: 'api_iot', reason: 'no coverage' },
  contact: { type: 'contact', at: 1, by: 'ana', message: 'Is it in a garage?' },
  resolve: { type: 'resolve', at: 1, by: 'ana', resolution: { kind: 'service_appointment', appointment } },
  keep: { type: 'keep', at: 1, by: 'ana' },
  close: { type: 'close', at: 1, by: 'ana' },
  reopen: { type: 'reopen', at: 1, by: 'ana', reason: 'it is off again', times },
  hand_over: { type: 'hand_over', at: 1, by: 'engine', technician: 'cleo' },
  retry_delivered: { type: 'retry_delivered', at: 1, by: 'engine', activationId: 'act_2' },
  retry_failed: { type: 'retry_failed', at: 1, by: 'engine', activationId: 'act_2', reason: 'timed out' },
};

function follow(path: readonly TicketEvent[], start: TicketWork = newWork(times, null, 0)): TicketWork {
  return path.reduce((work, event) => {
    const outcome = moveTicket(work, event);
    if (outcome.verdict === 'refused') throw new Error(`${event.type} in ${work.state}`);
    return outcome.work;
  }, start);
}

describe('the table of moves', () => {
  it('is this one', () => {
    const shown = ticketStates.map((state) => {
      const row = Object.entries(moves[state]).filter(([, to]) => to !== null);
      return `${state}: ${row.map(([event, to]) => `${event} → ${to}`).join(', ')}`;
    });
    expect(shown).toEqual([
      'open: assign → assigned, start → in_progress, comment → open, hand_over → assigned',
      'assigned: assign → assigned, start → in_progress, comment → assigned, contact → waiting_for_customer, hand_over → assigned',
      'in_progress: assign → in_progress, comment → in_progress, retry → waiting_for_activation, payload → in_progress, inspection → waiting_for_workshop, escalate → waiting_for_team, contact → waiting_for_customer, resolve → resolved, keep → resolved, hand_over → in_progress',
      'waiting_for_customer: assign → waiting_for_customer, start → in_progress, comment → waiting_for_customer, resolve → resolved',
      'waiting_for_workshop: assign → waiting_for_workshop, start → in_progress, comment → waiting_for_workshop, resolve → resolved',
      'waiting_for_team: assign → waiting_for_team, start → in_progress, comment → waiting_for_team, resolve → resolved',
      'waiting_for_activation: assign → waiting_for_activation, comment → waiting_for_activation, retry_delivered → resolved, retry_failed → in_progress',
      'resolved: comment → resolved, close → closed, reopen → assigned',
      'closed: reopen → assigned',
    ]);
  });

  it('holds for every state and event: the move leads where it says, or is refused with the legal ones named', () => {
    for (const state of ticketStates) {
      for (const event of Object.values(events)) {
        const work: TicketWork = { ...newWork(times, 'ana', 0), state };
        const outcome = moveTicket(work, event);
        const to = moves[state][event.type];
        if (to === null) expect(outcome).toEqual({ verdict: 'refused', legal: legalMoves(state) });
        else expect(outcome).toMatchObject({ verdict: 'accepted', work: { state: to }, facts: [{ at: 1 }] });
      }
    }
  });

  it('names the legal moves of a technician', () => {
    expect(legalMoves('open')).toEqual(['assign', 'start', 'comment']);
    expect(legalMoves('in_progress')).toEqual([
      'assign',
      'comment',
      'retry',
      'payload',
      'inspection',
      'escalate',
      'contact',
      'resolve',
      'keep',
    ]);
    expect(legalMoves('waiting_for_activation')).toEqual(['assign', 'comment']);
    expect(legalMoves('closed')).toEqual(['reopen']);
  });
});

describe('a ticket', () => {
  it('without a technician is assigned to the one who starts it', () => {
    expect(follow([events.start])).toMatchObject({ state: 'in_progress', assignee: 'ana' });
    expect(follow([events.assign, events.start])).toMatchObject({ state: 'in_progress', assignee: 'ben' });
  });

  it('is resolved by a delivered retry, and stays open after a failed one', () => {
    const retrying = follow([events.start, events.retry]);
    expect(retrying.retryId).toBe('act_2');
    expect(follow([events.retry_failed], retrying)).toMatchObject({ state: 'in_progress', retryId: null });
    expect(follow([events.retry_delivered], retrying)).toMatchObject({
      state: 'resolved',
      retryId: null,
      resolution: { kind: 'manual_activation', activationId: 'act_2' },
    });
  });

  it('names the event and the actor', () => {
    const outcome = moveTicket(follow([events.assign]), events.hand_over);
    expect(outcome).toMatchObject({
      facts: [
        {
          type: 'ticket.handed_over',
          at: 1,
          actor: 'engine',
          data: { technician: 'cleo', from: 'ben', state: 'assigned' },
        },
      ],
    });
    expect(moveTicket(follow([events.start]), events.keep)).toMatchObject({
      facts: [
        {
          type: 'ticket.resolved',
          actor: 'support:ana',
          data: {
            kept: true,
            resolution: { kind: 'manual_activation', activationId: null },
            state: 'resolved',
          },
        },
      ],
    });
  });
});

describe('the clocks', () => {
  it('warn when a fifth is left and breach at the end, each once, to the millisecond', () => {
    let work = newWork(times, 'ana', 0);
    const said: [number, string, unknown][] = [];
    for (let at = nextSlaMoment(work); at !== null; at = nextSlaMoment(work)) {
      expect(checkSla(work, at - 1).facts).toEqual([]);
      const checked = checkSla(work, at);
      for (const fact of checked.facts) said.push([at / hour, fact.type, fact.data.clock]);
      work = checked.work;
    }
    expect(said).toEqual([
      [3.2, 'ticket.sla_warning', 'response'],
      [4, 'ticket.sla_breached', 'response'],
      [19.2, 'ticket.sla_warning', 'resolution'],
      [24, 'ticket.sla_breached', 'resolution'],
    ]);
    expect(isOverdue(work)).toBe(true);
  });

  it('return both events at once to a late poll', () => {
    expect(checkSla(newWork(times, 'ana', 0), 5 * hour).facts.map(({ type }) => type)).toEqual([
      'ticket.sla_warning',
      'ticket.sla_breached',
    ]);
  });

  it('stop for the response once a technician takes the ticket up, and never run again', () => {
    const work = follow([{ ...events.start, at: hour }], newWork(times, 'ana', 0));
    expect(work.response).toMatchObject({ metAt: hour, dueAt: null });
    expect(follow([{ ...events.contact, at: hour }], newWork(times, 'ana', 0)).response.metAt).toBe(hour);
    expect(follow([{ ...events.assign, at: hour }]).response.metAt).toBe(null);
  });

  it('are held while the customer is waited for, and only then', () => {
    const asked = follow([events.start, { ...events.contact, at: 2 * hour }]);
    expect(asked.resolving).toMatchObject({ dueAt: null, leftMs: 22 * hour });
    expect(nextSlaMoment(asked)).toBe(null);
    const answered = follow([{ ...events.start, at: 30 * hour }], asked);
    expect(answered.resolving.dueAt).toBe(52 * hour);
    expect(nextSlaMoment(answered)).toBe(52 * hour - 4.8 * hour);
    const workshop = follow([events.start, { ...events.inspection, at: 2 * hour }]);
    expect(workshop.resolving.dueAt).toBe(24 * hour);
  });

  it('stop when it is resolved, late or not, and begin anew when it is reopened', () => {
    const late = checkSla(follow([events.start]), 25 * hour).work;
    expect(isOverdue(late)).toBe(true);
    const done = follow([{ ...events.resolve, at: 26 * hour }], late);
    expect(isOverdue(done)).toBe(false);
    expect(nextSlaMoment(done)).toBe(null);
    const again = follow([{ ...events.reopen, at: 30 * hour }], done);
    expect(again.resolving).toMatchObject({ dueAt: 54 * hour, breachedAt: null });
    expect(again).toMatchObject({ state: 'assigned', resolution: null, response: { metAt: 1 } });
  });
});

describe('whether a technician works on the feature, so that reconciliation leaves it', () => {
  const started = follow([events.start]);
  const resolved = (event: TicketEvent) => follow([event], started);
  const bug = resolved({
    type: 'resolve',
    at: 5,
    by: 'ana',
    resolution: { kind: 'bug_report', reference: 'ECU-7', workaround: 'Use the button.' },
  });

  it('is so in every state before the end', () => {
    for (const state of ticketStates.filter((one) => one !== 'resolved' && one !== 'closed'))
      expect([state, isInHand({ ...started, state }, 0, 10 * hour)]).toEqual([state, true]);
  });

  it('is not once it was delivered, once the appointment has come, or once what is owned began after the bug was known', () => {
    const appointed = resolved(events.resolve);
    expect([
      isInHand(resolved(events.keep), 0, 2),
      [isInHand(appointed, 0, 9 * hour - 1), isInHand(appointed, 0, 9 * hour)],
      [isInHand(bug, 0, 10 * hour), isInHand(bug, 5, 10 * hour), isInHand(bug, 6, 10 * hour)],
      isInHand(follow([events.close], bug), 0, 10 * hour),
    ]).toEqual([false, [true, false], [true, true, false], false]);
  });
});
