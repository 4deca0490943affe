import { signal } from '@preact/signals';

const addressOf = () => new URL(window.location.href);

/** The address of the page that is shown: path, query and fragment. */
export const address = signal(addressOf());

/** Shows another page of the console. With `isReplacing` the browser's history keeps no entry of the present one. */
export function goTo(target: string, { isReplacing = false } = {}): void {
  if (isReplacing) history.replaceState(null, '', target);
  else history.pushState(null, '', target);
  address.value = addressOf();
}

/** Opens links to pages of the console without loading a document, and follows the browser's own back and forward. */
export function followLinks(page: Document): void {
  window.addEventListener('popstate', () => {
    address.value = addressOf();
  });
  page.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const isPlain =
      event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented || link.target !== '' || link.hasAttribute('download'))
      return;
    if (link.origin !== window.location.origin || link.dataset.document !== undefined) return;
    // A link to a place on the same page is the browser's own.
    if (
      link.hash !== '' &&
      link.pathname === window.location.pathname &&
      link.search === window.location.search
    )
      return;
    event.preventDefault();
    goTo(link.href);
    window.scrollTo(0, 0);
  });
}
