import { Frame } from './frame.tsx';
import { LoginPage } from './pages/login.tsx';
import { session } from './session-state.ts';

/** The whole console: a login, or its pages. */
export function Console() {
  const current = session.value;
  switch (current.state) {
    case 'unknown':
      return <p class="soft loading">Loading …</p>;
    case 'closed':
      return <LoginPage reason={current.reason} />;
    case 'open':
      return <Frame view={current.view} />;
    default:
      return current satisfies never;
  }
}
