import { expect } from 'vitest';

/** A problem of this name, with this detail and these fields, among others. */
export const problem = (name: string, detail: string, more: object = {}) =>
  expect.objectContaining({ type: `urn:fleetwake:problem:${name}`, detail, ...more });
