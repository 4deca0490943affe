import { describe, expect, it } from 'vitest';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { type Access, tokenAccess } from '../../../simulator/console/server/access.ts';
import { isAllowed } from '../../../simulator/console/server/allowed-calls.ts';
import { linkLifeMs, loginLinks } from '../../../simulator/console/server/login-links.ts';
import { newSessions, sessionLifeMs, sessionsMax } from '../../../simulator/console/server/sessions.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

const access: Access = { name: 'developer', send: async () => null, scopes: async () => new Set() };
const otherWay = 'Log in with a client id and its secret, or start the console again for a new link.';

function started() {
  const clock = manualClock();
  return { clock, secrets: systemSecrets };
}

describe('login links', () => {
  it('log in once', () => {
    const links = loginLinks(started());
    const secret = links.issue(access);
    expect(links.redeem(secret)).toEqual({ ok: true, access });
    expect(links.redeem(secret)).toEqual({
      ok: false,
      reason: `This link was used already: it logs in once. ${otherWay}`,
    });
  });

  it('are refused without a secret part, and with one of another console', () => {
    const links = loginLinks(started());
    links.issue(access);
    expect(links.redeem('')).toEqual({
      ok: false,
      reason: `The link has no secret part: copy the whole address. ${otherWay}`,
    });
    expect(links.redeem(loginLinks(started()).issue(access))).toEqual({
      ok: false,
      reason: `This link was not issued by this console. ${otherWay}`,
    });
  });

  it('expire after 15 minutes', async () => {
    const deps = started();
    const links = loginLinks(deps);
    const [early, late] = [links.issue(access), links.issue(access)];
    await deps.clock.advance(linkLifeMs - 1);
    expect(links.redeem(early).ok).toBe(true);
    await deps.clock.advance(1);
    expect(links.redeem(late)).toEqual({
      ok: false,
      reason: `This link has expired: it is good for 15 minutes. ${otherWay}`,
    });
  });
});

describe('sessions', () => {
  it('end with a logout, and with them their streams', () => {
    const sessions = newSessions(started());
    const cookie = sessions.open(access);
    const session = sessions.find(cookie);
    expect(session?.access).toBe(access);
    expect(session?.ended.aborted).toBe(false);
    sessions.close(cookie);
    expect(session?.ended.aborted).toBe(true);
    expect(sessions.find(cookie)).toBeNull();
  });

  it('end 12 hours after the login, used or not', async () => {
    const deps = started();
    const sessions = newSessions(deps);
    const cookie = sessions.open(access);
    await deps.clock.advance(sessionLifeMs - 1);
    expect(sessions.find(cookie)).not.toBeNull();
    await deps.clock.advance(1);
    expect(sessions.find(cookie)).toBeNull();
  });

  it('are at most 100: a further one ends the one that was used least recently', () => {
    const sessions = newSessions(started());
    const cookies = Array.from({ length: sessionsMax }, () => sessions.open(access));
    sessions.find(cookies[0]);
    const last = sessions.open(access);
    expect(
      [cookies[0], cookies[1], cookies[2], last].map((cookie) => sessions.find(cookie) !== null),
    ).toEqual([true, false, true, true]);
  });

  it('have a change token of their own', () => {
    const sessions = newSessions(started());
    const tokens = [1, 2].map(() => sessions.find(sessions.open(access))?.changeToken);
    expect(new Set(tokens).size).toBe(2);
  });
});

describe('calls of pages', () => {
  it.each([
    ['platform', 'GET', '/tickets', true],
    ['platform', 'GET', '/tickets/tkt_1', true],
    ['platform', 'POST', '/tickets/tkt_1/start', true],
    ['platform', 'GET', '/purchases/pur_1/record', true],
    ['platform', 'GET', '/customers/ana/personal-data', false],
    ['platform', 'DELETE', '/customers/ana/personal-data', false],
    ['platform', 'POST', '/oauth/token', false],
    ['platform', 'POST', '/registrations', false],
    ['platform', 'GET', '/metrics', false],
    ['apiIot', 'GET', '/vehicle/1M8GDM9AXKP042788/status', true],
    ['apiIot', 'POST', '/vehicle/1M8GDM9AXKP042788/configure', false],
    ['control', 'POST', '/faults', true],
    ['control', 'DELETE', '/faults/fault-1', true],
    ['control', 'POST', '/reset', false],
    ['control', 'GET', '/as/secret/faults', false],
  ] as const)('at %s, %s %s is allowed: %s', (upstream, method, path, expected) => {
    expect(isAllowed(upstream, method, path)).toBe(expected);
  });
});

describe('access with a token', () => {
  it('has no scopes any more once the token has expired, because the faults do not ask the platform', async () => {
    const clock = manualClock(1_800_000_000_000);
    const claims = { sub: 'operator', scope: 'operations:read operations:write', exp: 1_800_000_900 };
    const token = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
    const { scopes } = tokenAccess({ http: async () => new Response(), clock }, token);
    await clock.advance(899_999);
    expect(await scopes()).toEqual(new Set(['operations:read', 'operations:write']));
    await clock.advance(1);
    expect(await scopes()).toEqual(new Set());
  });
});
