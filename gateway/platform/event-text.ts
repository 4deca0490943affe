import { isoText } from '../../shared/protocol/instant.ts';
import type { Failure } from '../activation/failure.ts';
import { failureWords } from './failure-words.ts';
import type { RecordView } from './record-type.ts';

export type Data = Readonly<Record<string, unknown>>;

export interface EventText {
  /** What happened, as a phrase. */
  readonly what: (data: Data) => string;
  /** Why, or null where it follows from the line before. */
  readonly cause?: (data: Data, view: RecordView) => string | null;
  /** What of the data a customer reads; without it the line is not for customers. */
  readonly shown?: readonly string[];
}

export const text = (value: unknown) => String(value ?? '').replaceAll('_', ' ');
export const instant = (value: unknown) => (typeof value === 'number' ? isoText(value) : '');
export const label = (phrase: string) => () => phrase;
export const reasonOf = ({ reason }: Data) => (typeof reason === 'string' ? reason : null);

export function failureOf({ failure }: Data, view: RecordView): string | null {
  if (failure === null || failure === undefined) return null;
  const { category, message } = failure as Failure;
  return view === 'customer' ? failureWords[category] : `${text(category)}: ${message}`;
}

/** A payment service's code and message, or what stood in place of an answer. */
export function paymentProblem({ code, message }: Data, view: RecordView): string | null {
  if (view === 'customer') return null;
  const parts = [code, message].filter((part) => typeof part === 'string');
  return parts.length === 0 ? null : parts.join(': ');
}

/** An internal step of the machine; `what` names it. */
export const step = (what: string, cause?: EventText['cause']): EventText => ({
  what: label(what),
  ...(cause ? { cause } : {}),
});
export const customerVisible = (what: string, cause?: string, shown: readonly string[] = []): EventText => ({
  what: label(what),
  ...(cause === undefined ? {} : { cause: label(cause) }),
  shown,
});
export const amount = ['amountMinor', 'currency'];
