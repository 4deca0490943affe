import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { call, messageOf } from '../api.ts';
import { changes } from '../live-events.ts';

export interface Reading<Body> {
  /** The last answer, also while a newer one is read; null before the first. */
  readonly body: Body | null;
  /** Why the last reading failed. */
  readonly problem: string | null;
  reload(): void;
}

interface Following {
  /** Reads again after this time, whether something has happened or not. */
  readonly everyMs?: number;
  /** Reads again after events of the platform. Default true. */
  readonly isLive?: boolean;
}

/** Reads a path of the API and keeps it fresh as long as it is shown. Null reads nothing. */
export function useAnswer<Body>(
  path: string | null,
  { everyMs = 5_000, isLive = true }: Following = {},
): Reading<Body> {
  const [state, setState] = useState<{ path: string | null; body: Body | null; problem: string | null }>({
    ...{ path, body: null, problem: null },
  });
  const isReading = useRef(false);
  const isDue = useRef(false);
  const current = useRef(path);
  current.current = path;

  const read = useCallback(async () => {
    if (isReading.current) {
      isDue.current = true;
      return;
    }
    isReading.current = true;
    do {
      isDue.current = false;
      const asked = current.current;
      if (asked === null) break;
      try {
        const body = await call<Body>(asked);
        if (asked === current.current) setState({ path: asked, body, problem: null });
      } catch (error) {
        if (asked === current.current)
          setState((known) => ({
            path: asked,
            body: known.path === asked ? known.body : null,
            problem: messageOf(error),
          }));
      }
      // The page may have turned to another path meanwhile.
      if (asked !== current.current) isDue.current = true;
    } while (isDue.current);
    isReading.current = false;
  }, []);

  const version = isLive ? changes.value : 0;
  useEffect(() => {
    void read();
  }, [path, version, read]);
  useEffect(() => {
    const timer = window.setInterval(() => void read(), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs, read]);

  const isCurrent = state.path === path;
  return {
    body: isCurrent ? state.body : null,
    problem: isCurrent ? state.problem : null,
    reload: () => void read(),
  };
}
