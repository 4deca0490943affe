import { render } from 'preact';
import { Frame } from './frame.tsx';
import { followLinks } from './router.ts';

const root = document.getElementById('console');
if (root) {
  followLinks(document);
  render(<Frame />, root);
}
