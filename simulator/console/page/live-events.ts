import { signal } from '@preact/signals';
import { createParser } from 'eventsource-parser';

export type Freshness =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Nothing has come since: the platform sends something every 15 s at least. */
  | { readonly state: 'behind'; readonly since: number };

/** Whether the pages follow the platform's events. */
export const freshness = signal<Freshness>({ state: 'connecting' });
/** Rises with the events of the platform: what pages show is read again. */
export const changes = signal(0);

const silenceMaxMs = 20_000;
const retryMs = 2_000;
/** Many events within this time are one reason to read again. */
const gatherMs = 500;

/** Follows the events until it is stopped, across lost connections. */
export function followEvents(): () => void {
  const stopped = new AbortController();
  let lastId: string | null = null;
  let lastSeenAt = Date.now();
  let gathering: number | undefined;

  function seen(): void {
    lastSeenAt = Date.now();
    if (freshness.value.state !== 'live') freshness.value = { state: 'live' };
  }

  function changed(): void {
    gathering ??= window.setTimeout(() => {
      gathering = undefined;
      changes.value += 1;
    }, gatherMs);
  }

  async function followOnce(): Promise<void> {
    const after = lastId === null ? '' : `?after=${encodeURIComponent(lastId)}`;
    const response = await fetch(`/api/events${after}`, { signal: stopped.signal });
    if (!response.ok || response.body === null) throw new Error(`the answer is ${response.status}`);
    const parser = createParser({
      onEvent(event) {
        lastId = event.id ?? lastId;
        changed();
      },
    });
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      seen();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  const watch = window.setInterval(() => {
    if (Date.now() - lastSeenAt > silenceMaxMs && freshness.value.state !== 'behind')
      freshness.value = { state: 'behind', since: lastSeenAt };
  }, 1_000);

  async function follow(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await followOnce();
      } catch {
        if (!stopped.signal.aborted) freshness.value = { state: 'behind', since: lastSeenAt };
      }
      await new Promise((resolve) => window.setTimeout(resolve, retryMs));
    }
  }
  void follow();
  return () => {
    stopped.abort();
    window.clearInterval(watch);
    window.clearTimeout(gathering);
  };
}
