import { render } from 'preact';
import { messageOf } from './api.ts';
import { Console } from './console.tsx';
import { openSession } from './login.ts';
import { followLinks } from './router.ts';
import { session } from './session-state.ts';

const root = document.getElementById('console');
if (root) {
  followLinks(document);
  render(<Console />, root);
  openSession().catch((error: unknown) => {
    session.value = { state: 'closed', reason: messageOf(error) };
  });
}
