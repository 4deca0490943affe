import type { SessionView } from '../session-view.ts';
import { call, messageOf } from './api.ts';
import { goTo } from './router.ts';
import { session } from './session-state.ts';

type Credentials =
  | { readonly link: string }
  | { readonly clientId: string; readonly clientSecret: string }
  | { readonly token: string };

/** Finds out who is logged in. The secret of a login link is used once and leaves the address bar. */
export async function openSession(): Promise<void> {
  const { pathname, hash } = window.location;
  if (pathname === '/login' && hash !== '') {
    goTo('/', { isReplacing: true });
    return logIn({ link: hash.slice(1) });
  }
  try {
    const answer = await call<{ readonly session: SessionView | null }>('/session');
    session.value = stateOf(answer.session);
  } catch (error) {
    session.value = { state: 'closed', reason: messageOf(error) };
  }
}

export async function logIn(credentials: Credentials): Promise<void> {
  try {
    const answer = await call<{ readonly session: SessionView | null }>('/session', {
      method: 'POST',
      body: credentials,
    });
    session.value = stateOf(answer.session);
    if (window.location.pathname === '/login') goTo('/', { isReplacing: true });
  } catch (error) {
    session.value = { state: 'closed', reason: messageOf(error) };
  }
}

export async function logOut(): Promise<void> {
  await call('/session', { method: 'DELETE' });
  session.value = { state: 'closed', reason: null };
}

function stateOf(view: SessionView | null) {
  return view === null ? ({ state: 'closed', reason: null } as const) : ({ state: 'open', view } as const);
}
