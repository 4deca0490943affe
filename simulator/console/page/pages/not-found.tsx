import { address } from '../router.ts';

/** Says that no page of the console has this address. */
export function NotFound() {
  return (
    <p>
      No page of the console is at <code>{address.value.pathname}</code>. <a href="/">Open the overview</a>.
    </p>
  );
}
