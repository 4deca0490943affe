import { useEffect, useRef } from 'preact/hooks';
import type { SessionView } from '../session-view.ts';
import { followEvents, freshness } from './live-events.ts';
import { logOut } from './login.ts';
import { clockText } from './parts/text.ts';
import { address } from './router.ts';
import { pageAt, pages } from './routes.tsx';

/** What every page has around it: navigation, heading, and the place of its content. */
export function Frame({ view }: { readonly view: SessionView }) {
  const path = address.value.pathname;
  const { page, parameters } = pageAt(path);
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => (view.scopes.includes('events:read') ? followEvents() : undefined), [view]);
  useEffect(() => {
    document.title = `${page.title} · Fleetwake`;
    // A screen reader reads the new page from its heading on, as after loading a document.
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [path, page.title]);
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="/">
          Fleetwake
        </a>
        <nav aria-label="Pages">
          <ul>
            {pages.map(({ path: target, inNavigation }) =>
              inNavigation === undefined ? null : (
                <li key={target}>
                  <a href={target} aria-current={isWithin(path, target) ? 'page' : undefined}>
                    {inNavigation}
                  </a>
                </li>
              ),
            )}
          </ul>
        </nav>
        <Freshness />
        <div class="who">
          <span class="soft">{view.name}</span>
          <button type="button" class="quiet" onClick={() => void logOut()}>
            Log out
          </button>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        <h1 ref={heading} tabIndex={-1}>
          {page.title}
        </h1>
        {page.show(parameters)}
      </main>
    </>
  );
}

/** Whether what is shown is live; a mark where the events of the platform have stopped coming. */
function Freshness() {
  const current = freshness.value;
  switch (current.state) {
    case 'connecting':
      return <span class="fresh soft">connecting …</span>;
    case 'live':
      return (
        <span class="fresh soft">
          <span class="dot" aria-hidden="true" /> live
        </span>
      );
    case 'behind':
      return (
        <span class="fresh behind" role="status">
          behind since {clockText(current.since)}
        </span>
      );
    default:
      return current satisfies never;
  }
}

function isWithin(path: string, target: string): boolean {
  return path === target || (target !== '/' && path.startsWith(`${target}/`));
}
