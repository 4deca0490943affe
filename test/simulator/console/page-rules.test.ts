import { describe, expect, it } from 'vitest';
import { technicianActions } from '../../../gateway/support/ticket-machine.ts';
import { bodyOfMove, legalMoves, pathOfMove } from '../../../simulator/console/page/pages/ticket-moves.ts';
import { moneyText, percentText, spanText } from '../../../simulator/console/page/parts/text.ts';
import { shownRows } from '../../../simulator/timeline/rows.ts';

describe('texts of pages', () => {
  it.each([
    [850, '850 ms'],
    [12_340, '12.3 s'],
    [60_000, '1 min'],
    [245_000, '4 min 5 s'],
    [12_000_000, '3 h 20 min'],
    [187_200_000, '2 d 4 h'],
  ])('say %i ms as %s', (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });

  it('show money with the digits of its currency', () => {
    expect([moneyText(1_490, 'EUR'), moneyText(1_490, 'JPY')].map((text) => text.replace(/\s/, ' '))).toEqual(
      ['EUR 14.90', 'JPY 1,490'],
    );
  });

  it('show no rate where there is nothing to compare', () => {
    expect([percentText(2, 3), percentText(0, 0)]).toEqual(['66.7 %', '–']);
  });
});

describe('moves of a ticket', () => {
  it('are those that the platform names', () => {
    expect(legalMoves(['start', 'comment']).map(({ label }) => label)).toEqual(['Start', 'Comment']);
    expect(legalMoves(['resolve']).map(pathOfMove)).toEqual(['resolve', 'resolve', 'resolve']);
    expect(new Set(legalMoves(technicianActions).map(pathOfMove))).toEqual(new Set(technicianActions));
  });

  it('have the body that the platform takes', () => {
    const [visit] = legalMoves(['inspection']);
    const given: Record<string, string> = {
      workshop: 'Main Street',
      appointmentAt: '2027-01-15T08:30Z',
      reason: 'noise',
    };
    expect(visit && bodyOfMove(visit, 'ana', (field) => given[field] ?? '')).toEqual({
      ...{ by: 'ana', workshop: 'Main Street', reason: 'noise' },
      appointmentAt: Date.UTC(2027, 0, 15, 8, 30),
    });
    const [payload] = legalMoves(['payload']);
    expect(() => payload && bodyOfMove(payload, 'ana', () => '{levels')).toThrow(
      'Parameters as JSON: write JSON such as {"levels": 2}.',
    );
    const bug = legalMoves(['resolve']).find(({ name }) => name === 'resolve bug_report');
    expect(bug && bodyOfMove(bug, 'ana', (field) => field)).toEqual({
      ...{ by: 'ana', resolution: 'bug_report', reference: 'reference', workaround: 'workaround' },
    });
  });
});

describe('the list of the fleet', () => {
  it('draws the rows that are seen, and some around them', () => {
    expect(shownRows(10_000, 0, 400, 40)).toEqual({ first: 0, count: 26 });
    expect(shownRows(10_000, 200_000, 400, 40)).toEqual({ first: 4_992, count: 26 });
    expect(shownRows(10_000, 399_600, 400, 40)).toEqual({ first: 9_982, count: 18 });
    expect(shownRows(3, 0, 400, 40)).toEqual({ first: 0, count: 3 });
    // The filter has made the list shorter than it was scrolled.
    expect(shownRows(3, 200_000, 400, 40)).toEqual({ first: 0, count: 3 });
  });
});
