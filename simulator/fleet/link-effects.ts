import type { Agenda } from './agenda.ts';
import type { FaultEffects, FaultEntry } from './fault-set.ts';

/** What a fault can do to a vehicle's connection. */
export interface FaultedLink {
  readonly agenda: Agenda;
  readonly keepAliveSeconds: number;
  /** Off the network for `ms`, or with null until `back` with the same reason. */
  leave(reason: string, ms: number | null): void;
  back(reason: string): void;
  isAway(reason: string): boolean;
  /** The network ends the connection. */
  breakLine(): void;
  /** A fault that stands swallows what is sent. */
  isSilenced(): boolean;
  armResets(): void;
}

/** Both sides find a silent connection out after one and a half keep-alives. */
export const silenceOfKeepAlives = 1.5;

/** Returns what happens to a vehicle's connection when the window of a standing link fault opens and closes. */
export function linkEffects(link: FaultedLink): FaultEffects {
  const { agenda } = link;

  function flap(entry: FaultEntry, window: number, upMs: number, downMs: number): void {
    if (!stands(entry, window)) return;
    link.leave(entry.id, downMs);
    agenda.after(downMs + upMs, () => flap(entry, window, upMs, downMs));
  }

  /** No message passes; the connection ends after the fault's time-out, or when the keep-alive fails. */
  function fallSilent(entry: FaultEntry, timeoutMs: number): void {
    const { window } = entry;
    const foundOutMs = link.keepAliveSeconds * silenceOfKeepAlives * 1_000;
    agenda.after(timeoutMs > 0 ? Math.min(timeoutMs, foundOutMs) : foundOutMs, () => {
      if (stands(entry, window)) link.leave(entry.id, null);
    });
  }

  return {
    opened(entry) {
      const { id, fault } = entry;
      switch (fault.type) {
        case 'offline':
          return link.leave(id, null);
        case 'flapping':
          return flap(entry, entry.window, fault.attributes.upMs, fault.attributes.downMs);
        case 'timeout':
          return fallSilent(entry, fault.attributes.timeoutMs);
        case 'reset_peer':
          return link.armResets();
        default:
      }
    },
    closed({ id, fault }) {
      switch (fault.type) {
        case 'offline':
        case 'flapping':
          return link.back(id);
        case 'timeout':
          if (link.isAway(id)) return link.back(id);
          // What was swallowed comes again only on another connection; as long as another one swallows, on none.
          return link.isSilenced() ? undefined : link.breakLine();
        default:
      }
    },
  };
}

/** It is still the window in which it struck. */
function stands({ isOpen, window }: FaultEntry, then: number): boolean {
  return isOpen && window === then;
}
