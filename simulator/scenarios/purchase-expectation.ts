import { isCurrency, minorUnitDigits } from '../../shared/protocol/currencies.ts';
import { durationExamples, durationOfText } from '../../shared/protocol/duration-text.ts';

/** Outcomes of a purchase, as an expectation names them. */
export const outcomes = [
  'active',
  'failed',
  'cancelled',
  'declined',
  'payment failed',
  'pending',
  'refused',
  'unanswered',
] as const;
export const sums = ['authorised', 'captured', 'voided', 'refunded', 'kept'] as const;

const things = ['attempts', 'e-mails', 'push messages', 'tickets'] as const;

/** One part of what is expected of a purchase. */
export type PurchaseClause =
  | { readonly kind: 'count'; readonly name: (typeof things)[number]; readonly bound: Bound }
  /** `value` in minor units. */
  | {
      readonly kind: 'money';
      readonly name: (typeof sums)[number];
      readonly currency: string;
      readonly bound: Bound;
    };

interface Bound {
  readonly operator: '=' | '>=' | '<=';
  readonly value: number;
}

/** What is expected of one purchase: its end, by when, and what it took. */
export interface PurchaseExpectation {
  readonly kind: 'purchase';
  /** As the plan calls it: p1, p-001. */
  readonly id: string;
  readonly outcome: (typeof outcomes)[number];
  /** Milliseconds of the scenario's time from the request to the end; null: at any time. */
  readonly withinMs: number | null;
  readonly clauses: readonly PurchaseClause[];
}

export type PurchaseReading =
  | { readonly ok: true; readonly expectation: PurchaseExpectation }
  | { readonly ok: false; readonly reason: string };

const shape = new RegExp(
  `^([a-z][a-z0-9-]*)\\s+(${outcomes.join('|')})(?:\\s+within\\s+([^,]+))?\\s*(?:,(.*))?$`,
);

/** Reads `p1 active within 2 min, 2 attempts, 14.90 EUR captured, 2 e-mails`; null for a line that is about no single purchase. */
export function readPurchaseExpectation(text: string): PurchaseReading | null {
  const [, id, outcome, within, rest] = shape.exec(text.trim().replaceAll(/\s+/g, ' ')) ?? [];
  if (id === undefined) return null;
  const withinMs = within === undefined ? null : durationOfText(within);
  if (within !== undefined && (withinMs === null || withinMs <= 0))
    return {
      ok: false,
      reason: `"within ${within.trim()}" is no duration; write one such as ${durationExamples}`,
    };
  const clauses: PurchaseClause[] = [];
  for (const part of rest === undefined ? [] : rest.split(',')) {
    const clause = readClause(part.trim());
    if (typeof clause === 'string') return { ok: false, reason: clause };
    clauses.push(clause);
  }
  const expectation = {
    ...{ kind: 'purchase' as const, id, withinMs, clauses },
    outcome: outcome as (typeof outcomes)[number],
  };
  return { ok: true, expectation };
}

const boundWords: Readonly<Record<string, Bound['operator']>> = { 'at least': '>=', 'at most': '<=' };

const clauseShape = /^(?:(at least|at most) )?(\d+(?:\.\d+)?) (.+)$/;

/** Returns the clause, or what is wrong with it. */
function readClause(text: string): PurchaseClause | string {
  const [, words = '', figure, what] = clauseShape.exec(text) ?? [];
  if (figure === undefined || what === undefined) return `"${text}" is not understood; ${clauseHint}`;
  const operator = boundWords[words] ?? '=';
  const name = things.find((thing) => thing === what || thing === `${what}s`);
  if (name) {
    if (!/^\d+$/.test(figure)) return `"${text}" counts ${name}; write a whole number`;
    return { kind: 'count', name, bound: { operator, value: Number(figure) } };
  }
  const [currency = '', verb, ...more] = what.split(' ');
  const sum = more.length === 0 ? sums.find((one) => one === verb) : undefined;
  if (sum === undefined || !isCurrency(currency)) return `"${text}" is not understood; ${clauseHint}`;
  const value = Math.round(Number(figure) * 10 ** (minorUnitDigits(currency) ?? 2));
  return { kind: 'money', name: sum, currency, bound: { operator, value } };
}

const clauseHint =
  'write parts such as "2 attempts", "14.90 EUR captured", "2 e-mails", "at most 1 push message" or "1 ticket"';
