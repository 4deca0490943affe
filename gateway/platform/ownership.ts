import type { Caller } from '../http/app-env.ts';

/**
 * Whose things a caller may see: one customer's, or everybody's (null). What belongs to somebody else is answered as what does not
 * exist, with the same words, so that nobody learns that it does.
 */
export type Owner = string | null;

export const ownerOf = (context: { readonly var: { readonly caller: Caller } }): Owner =>
  context.var.caller.customerId;

/** Whether what belongs to this customer (null: to nobody) is there for the owner. */
export const isFor = (owner: Owner, customerId: string | null): boolean =>
  owner === null || owner === customerId;
