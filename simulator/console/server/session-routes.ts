import type { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { problemError } from '../../../gateway/http/problem.ts';
import type { SessionView } from '../session-view.ts';
import { type Access, clientAccess, tokenAccess } from './access.ts';
import type { ConsoleDeps } from './console-deps.ts';
import type { ConsoleContext, ConsoleEnv } from './console-env.ts';
import { type Session, sessionLifeMs } from './sessions.ts';

const text = z.string().max(8_192);
const loginSchema = z.union([
  z.strictObject({ link: text }),
  z.strictObject({ clientId: text.min(1), clientSecret: text.min(1) }),
  z.strictObject({ token: text.min(1) }),
]);
type Login = z.infer<typeof loginSchema>;

/** `GET /session` says who is logged in, `POST` logs in and `DELETE` logs out. */
export function mountSession(app: Hono<ConsoleEnv>, deps: ConsoleDeps): void {
  const { sessions } = deps;
  app.get('/session', async (context) => {
    const session = sessionOf(context, deps);
    return context.json({ session: session && (await viewOf(session, deps)) });
  });
  app.post('/session', async (context) => {
    const parsed = loginSchema.safeParse(await context.req.json().catch(() => null));
    if (!parsed.success)
      throw problemError('invalid-request', 'Send a link, a client id with its secret, or a token.');
    const access = await accessOf(parsed.data, deps);
    const cookie = sessions.open(access);
    setCookie(context, cookieName(context), cookie, {
      ...{ path: '/', httpOnly: true, sameSite: 'Strict', maxAge: sessionLifeMs / 1_000 },
      secure: new URL(context.req.url).protocol === 'https:',
    });
    const session = sessions.find(cookie);
    return context.json({ session: session && (await viewOf(session, deps)) }, 201);
  });
  app.delete('/session', (context) => {
    sessions.close(getCookie(context, cookieName(context)));
    deleteCookie(context, cookieName(context), { path: '/' });
    return context.body(null, 204);
  });
}

/** Browsers send a cookie to every port of a host: with the port in its name, two consoles do not log each other out. */
function cookieName(context: ConsoleContext): string {
  const { port } = new URL(`http://${context.req.header('host') ?? 'localhost'}`);
  return `fleetwake_console_${port || '80'}`;
}

/** The session of a request; null without one. */
export function sessionOf(context: ConsoleContext, { sessions }: ConsoleDeps): Session | null {
  return sessions.find(getCookie(context, cookieName(context)));
}

async function viewOf(
  { access, changeToken, expiresAt }: Session,
  { control }: ConsoleDeps,
): Promise<SessionView> {
  // While the platform is away, the page shows what it can; the platform itself decides each call.
  const scopes = await access.scopes().catch((): ReadonlySet<string> => new Set());
  return { name: access.name, scopes: [...scopes], changeToken, expiresAt, hasControl: control !== null };
}

async function accessOf(login: Login, deps: ConsoleDeps): Promise<Access> {
  if ('link' in login) {
    const redeeming = deps.links.redeem(login.link);
    if (redeeming.ok) return redeeming.access;
    throw problemError('unauthorized', redeeming.reason);
  }
  const access = 'token' in login ? tokenAccess(deps, login.token) : clientAccess(deps, login);
  // Any call shows whether the platform accepts the token; one without the scope of this call is accepted too.
  const answer = await access.send('platform', (token) =>
    withToken(`${deps.origins.platform}/catalogue`, token),
  );
  if (answer !== null && [200, 403].includes(answer.status)) return access;
  const what = 'token' in login ? 'this token' : 'this client id with this secret';
  throw problemError('unauthorized', `The platform does not accept ${what}.`);
}

function withToken(url: string, token: string): Request {
  // A header takes no other characters, and a token has none.
  return new Request(url, { headers: { authorization: `Bearer ${token.replaceAll(/[^\x21-\x7e]/g, '')}` } });
}
