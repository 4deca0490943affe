import { useState } from 'preact/hooks';
import { logIn } from '../login.ts';

/** What is shown as long as no session is open. */
export function LoginPage({ reason }: { readonly reason: string | null }) {
  const [isToken, setIsToken] = useState(false);
  const [isSending, setIsSending] = useState(false);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    setIsSending(true);
    await logIn(
      isToken ? { token: text('token') } : { clientId: text('clientId'), clientSecret: text('clientSecret') },
    );
    setIsSending(false);
  }

  return (
    <main class="login">
      <h1>Log in to Fleetwake</h1>
      <p class="soft">
        The command prints a link that logs in once. Without one, log in with an OAuth client of the platform
        or with a token of it: you can do here what its scopes allow.
      </p>
      {reason === null ? null : (
        <p class="message bad" role="alert">
          {reason}
        </p>
      )}
      <form class="card form" onSubmit={(event) => void submit(event)}>
        <fieldset class="choice">
          <legend>Log in with</legend>
          <label>
            <input type="radio" name="kind" checked={!isToken} onChange={() => setIsToken(false)} /> a client
          </label>
          <label>
            <input type="radio" name="kind" checked={isToken} onChange={() => setIsToken(true)} /> a token
          </label>
        </fieldset>
        {isToken ? (
          <label key="token">
            Access token
            <input name="token" type="password" required autocomplete="off" />
          </label>
        ) : (
          <>
            <label key="id">
              Client id
              <input name="clientId" required autocomplete="username" />
            </label>
            <label key="secret">
              Client secret
              <input name="clientSecret" type="password" required autocomplete="current-password" />
            </label>
          </>
        )}
        <button type="submit" class="primary" disabled={isSending}>
          {isSending ? 'Logging in …' : 'Log in'}
        </button>
      </form>
    </main>
  );
}
