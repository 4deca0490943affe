import { signal } from '@preact/signals';
import type { SessionView } from '../session-view.ts';

export type SessionState =
  | { readonly state: 'unknown' }
  /** `reason`: why a login failed. */
  | { readonly state: 'closed'; readonly reason: string | null }
  | { readonly state: 'open'; readonly view: SessionView };

/** The session of this browser at the console. */
export const session = signal<SessionState>({ state: 'unknown' });

/** Whether the session reaches a scope of the platform. What a page offers follows it; the API decides. */
export function can(scope: string): boolean {
  return session.value.state === 'open' && session.value.view.scopes.includes(scope);
}
