import { type ProblemError, problemError } from '../../../gateway/http/problem.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { Secrets } from '../../../shared/ports/secrets.ts';
import type { Access } from './access.ts';

/** A session ends this long after its login. */
export const sessionLifeMs = 12 * 3_600_000;
/** Sessions at once; a further one ends the one that was used least recently. */
export const sessionsMax = 100;

export interface Session {
  readonly access: Access;
  /** What every change has to send in a header: a page of another origin cannot know it. */
  readonly changeToken: string;
  readonly expiresAt: number;
  /** Aborted when the session ends: its streams end with it. */
  readonly ended: AbortSignal;
  /** Streams that are open. */
  streams: number;
}

/** The sessions of one console, in memory: they end with its process. */
export interface Sessions {
  /** Returns the value of the cookie of a new session. */
  open(access: Access): string;
  /** Null for a cookie of no session, or of one that has expired. */
  find(cookie: string | undefined): Session | null;
  close(cookie: string | undefined): void;
  closeAll(): void;
}

/** Returns the refusal of a call without a session, or of one whose session ends meanwhile. */
export function sessionEnded(): ProblemError {
  return problemError('unauthorized', 'The session has ended. Log in again.');
}

interface Entry {
  readonly session: Session;
  readonly end: () => void;
}

/** Keeps digests of the cookies. A `Map` keeps its order: the session that was used least recently is the first. */
export function newSessions({
  clock,
  secrets,
}: {
  readonly clock: Clock;
  readonly secrets: Secrets;
}): Sessions {
  const entries = new Map<string, Entry>();

  function end(digest: string): void {
    entries.get(digest)?.end();
    entries.delete(digest);
  }

  return {
    open(access) {
      const now = clock.now();
      for (const [digest, { session }] of entries) if (session.expiresAt <= now) end(digest);
      const [oldest] = entries.keys();
      if (entries.size >= sessionsMax && oldest !== undefined) end(oldest);
      const cookie = secrets.newToken();
      const controller = new AbortController();
      const session = {
        ...{ access, changeToken: secrets.newToken(), expiresAt: now + sessionLifeMs },
        ...{ ended: controller.signal, streams: 0 },
      };
      entries.set(secrets.digest(cookie), { session, end: () => controller.abort() });
      return cookie;
    },
    find(cookie) {
      if (cookie === undefined) return null;
      const digest = secrets.digest(cookie);
      const entry = entries.get(digest);
      if (entry === undefined) return null;
      entries.delete(digest);
      if (entry.session.expiresAt <= clock.now()) {
        entry.end();
        return null;
      }
      entries.set(digest, entry);
      return entry.session;
    },
    close(cookie) {
      if (cookie !== undefined) end(secrets.digest(cookie));
    },
    closeAll() {
      for (const digest of [...entries.keys()]) end(digest);
    },
  };
}
