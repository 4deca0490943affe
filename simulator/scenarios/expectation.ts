import { isCurrency, minorUnitDigits } from '../../shared/protocol/currencies.ts';
import { outcomes, type PurchaseExpectation, readPurchaseExpectation, sums } from './purchase-expectation.ts';

const waits = ['p50', 'p95', 'p99', 'longest'] as const;
const counts = [
  'tickets',
  'high tickets',
  'medium tickets',
  'revocations done',
  'revocations open',
  'revocations superseded',
  'reactivations done',
  'most attempts',
  'faults at the API IoT',
  'faults at payments',
  'faults at mail and push',
  'notices given up',
] as const;

export const operators = ['>=', '<=', '>', '<', '='] as const;
type Operator = (typeof operators)[number];

/** Milliseconds of one unit. */
const timeUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };

/** How many rules there are (docs/activation-spec.md, section 8); each has one check. */
export const ruleMax = 11;

/** What a scenario expects of its report, read from one line of text. */
export type Expectation =
  | { readonly kind: 'rule'; readonly id: number }
  | PurchaseExpectation
  | {
      readonly kind: 'outcome';
      readonly name: (typeof outcomes)[number];
      readonly bound: Bound;
      readonly isShare: boolean;
    }
  /** The scenario's time: that of the run, multiplied by `timeScale`. */
  | { readonly kind: 'wait'; readonly name: (typeof waits)[number]; readonly bound: Bound }
  | { readonly kind: 'count'; readonly name: (typeof counts)[number]; readonly bound: Bound }
  /** Activations that took exactly so many attempts. */
  | { readonly kind: 'attempts'; readonly attempts: number; readonly bound: Bound }
  | {
      readonly kind: 'money';
      readonly name: (typeof sums)[number];
      readonly currency: string;
      readonly bound: Bound;
    };

interface Bound {
  readonly operator: Operator;
  /** Percent, a count, milliseconds, or minor units. */
  readonly value: number;
}

export type ExpectationReading =
  | { readonly ok: true; readonly expectation: Expectation }
  /** What is wrong, with the fix. */
  | { readonly ok: false; readonly reason: string };

const shape = /^(.+?)\s*(>=|<=|>|<|=)\s*(\d+(?:\.\d+)?)\s*(%|[A-Za-z]+)?$/;

/** Reads one line: `active >= 99 %`, `p95 time to active < 20 min`, `kept = 29.80 EUR`, `rule 7`, `p1 active within 2 min`. */
export function readExpectation(text: string): ExpectationReading {
  const rule = /^rule\s+(\d+)$/.exec(text.trim());
  if (rule) {
    const id = Number(rule[1]);
    if (id >= 1 && id <= ruleMax) return { ok: true, expectation: { kind: 'rule', id } };
    return { ok: false, reason: `there is no rule ${id}; write one from 1 to ${ruleMax}` };
  }
  const ofPurchase = readPurchaseExpectation(text);
  if (ofPurchase) return ofPurchase;
  const [, name, operator, figure, unit = ''] = shape.exec(text.trim()) ?? [];
  if (name === undefined || figure === undefined) {
    return {
      ok: false,
      reason: `write a name, one of ${operators.join(' ')}, and a figure: "active >= 99 %"`,
    };
  }
  const bound = { operator: operator as Operator, value: Number(figure) };
  return readNamed(name.replaceAll(/\s+/g, ' '), bound, unit, figure);
}

function readNamed(name: string, bound: Bound, unit: string, figure: string): ExpectationReading {
  const outcome = outcomes.find((known) => known === name);
  if (outcome) {
    if (unit !== '' && unit !== '%') return wrongUnit(name, 'a count, or a percentage ("99 %")');
    if (unit === '%' && bound.value > 100) return { ok: false, reason: 'no share is above 100 %' };
    return found({ kind: 'outcome', name: outcome, bound, isShare: unit === '%' });
  }
  const wait = waits.find((known) => `${known} time to active` === name);
  if (wait) {
    const unitMs = timeUnits[unit];
    if (unitMs === undefined)
      return wrongUnit(name, `a time in ${Object.keys(timeUnits).join(', ')} ("20 min")`);
    return found({ kind: 'wait', name: wait, bound: { ...bound, value: bound.value * unitMs } });
  }
  const count = counts.find((known) => known === name);
  const attempts = /^activations with (\d+) attempts?$/.exec(name)?.[1];
  if (count || attempts !== undefined) {
    if (unit !== '' || !Number.isInteger(bound.value)) return wrongUnit(name, 'a whole number');
    return found(
      count ? { kind: 'count', name: count, bound } : { kind: 'attempts', attempts: Number(attempts), bound },
    );
  }
  const sum = sums.find((known) => known === name);
  if (sum) {
    if (!isCurrency(unit)) return wrongUnit(name, 'an amount with its currency ("29.80 EUR")');
    return found({
      kind: 'money',
      name: sum,
      currency: unit,
      bound: { ...bound, value: minorUnits(figure, unit) },
    });
  }
  return { ok: false, reason: `nothing is called "${name}"; write one of ${knownNames.join(', ')}` };
}

const knownNames: readonly string[] = [
  ...outcomes,
  ...waits.map((name) => `${name} time to active`),
  ...counts,
  'activations with N attempts',
  ...sums,
  'rule N',
  '"p1 active within 2 min" of one purchase',
];

/** The amount in minor units. */
function minorUnits(figure: string, currency: string): number {
  return Math.round(Number(figure) * 10 ** (minorUnitDigits(currency) ?? 2));
}

function found(expectation: Expectation): ExpectationReading {
  return { ok: true, expectation };
}

function wrongUnit(name: string, wanted: string): ExpectationReading {
  return { ok: false, reason: `"${name}" is compared with ${wanted}` };
}

/** The expectation of a text that was read before; throws on any other. */
export function expectationOf(text: string): Expectation {
  const reading = readExpectation(text);
  if (!reading.ok) throw new Error(`expectation "${text}": ${reading.reason}`);
  return reading.expectation;
}

/** Whether a value compares with a bound as the operator says. */
export function holds(value: number, operator: Operator, bound: number): boolean {
  switch (operator) {
    case '>=':
      return value >= bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '<':
      return value < bound;
    case '=':
      return value === bound;
    default:
      return operator satisfies never;
  }
}
