import type { Caller } from '../http/app-env.ts';

/**
 * Customer whose data a caller may read; null for all customers. A request for another customer's data gets the same answer
 * as for missing data, so that the caller does not learn that it exists.
 */
export type Owner = string | null;

export const ownerOf = (context: { readonly var: { readonly caller: Caller } }): Owner =>
  context.var.caller.customerId;

/** Whether the caller may read data of this customer (null: data without a customer). */
export const isFor = (owner: Owner, customerId: string | null): boolean =>
  owner === null || owner === customerId;
