import {
  type DeviceLink,
  LinkClosed,
  type LinkConnection,
  type LinkMessage,
  type LinkOptions,
} from '../../shared/ports/device-link.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';

interface Session {
  filters: Set<string>;
  waiting: LinkMessage[];
  client: Client | null;
}
interface Client {
  options: LinkOptions;
  process: VirtualProcess;
  up: boolean;
  wanted: boolean;
  generation: number;
  drop(reason: string): void;
}

export function virtualBroker({ loop }: { loop: VirtualLoop }) {
  const sessions = new Map<string, Session>();
  const retained = new Map<string, LinkMessage>();
  const clock = loop.clock('broker');
  const matches = (filter: string, topic: string) => {
    const f = filter.split('/');
    const t = topic.split('/');
    for (const [i, p] of f.entries()) {
      if (p === '#') return true;
      if (p !== '+' && p !== t[i]) return false;
    }
    return f.length === t.length;
  };
  function route(message: LinkMessage) {
    if (message.retain) retained.set(message.topic, message);
    for (const session of sessions.values()) {
      if (![...session.filters].some((f) => matches(f, message.topic))) continue;
      const out = { ...message, retain: false };
      if (message.qos === 0 && !session.client?.up) continue;
      session.waiting.push(out);
      pump(session);
    }
  }
  function pump(session: Session) {
    const client = session.client;
    if (!client?.up) return;
    const generation = client.generation;
    for (const message of session.waiting.splice(0)) {
      clock.setTimer(10, () => {
        if (client.up && client.generation === generation && client.process.isAlive)
          void client.options.onMessage(message);
        else if (message.qos === 1) {
          session.waiting.push(message);
          pump(session);
        }
      });
    }
  }
  return {
    connect: (process: VirtualProcess): DeviceLink => ({
      open(options): LinkConnection {
        const client: Client = {
          options,
          process,
          up: false,
          wanted: true,
          generation: 0,
          drop(reason) {
            if (!client.up) return;
            client.up = false;
            const s = sessions.get(options.clientId);
            if (s?.client === client) s.client = null;
            if (options.will) route(options.will);
            if (process.isAlive) options.onDisconnect?.(reason);
          },
        };
        const dial = () => {
          const generation = ++client.generation;
          clock.setTimer(20, () => {
            if (!client.wanted || client.up || generation !== client.generation || !process.isAlive) return;
            const known = sessions.get(options.clientId);
            known?.client?.drop('replaced');
            const session = known ?? { filters: new Set<string>(), waiting: [], client: null };
            sessions.set(options.clientId, session);
            session.client = client;
            client.up = true;
            options.onConnect?.({ sessionPresent: known !== undefined });
            pump(session);
          });
        };
        process.onEnd(() => {
          client.wanted = false;
          client.drop('died');
        });
        dial();
        (client as Client & { dial: () => void }).dial = dial;
        return {
          get connected() {
            return client.up;
          },
          publish(message) {
            const generation = client.generation;
            return process.call(
              'link publish',
              () =>
                new Promise<void>((resolve, reject) => {
                  if (!client.up) return reject(new LinkClosed('away'));
                  clock.setTimer(10, () => {
                    if (!client.up || generation !== client.generation)
                      return reject(new LinkClosed('dropped'));
                    route(message);
                    clock.setTimer(10, resolve);
                  });
                }),
            );
          },
          subscribe(filters) {
            return new Promise<void>((resolve, reject) => {
              clock.setTimer(10, () => {
                const s = sessions.get(options.clientId);
                if (!client.up || !s) return reject(new LinkClosed('dropped'));
                for (const f of filters) {
                  s.filters.add(f);
                  for (const m of retained.values()) if (matches(f, m.topic)) s.waiting.push(m);
                }
                pump(s);
                resolve();
              });
            });
          },
          cut() {
            client.wanted = false;
            client.drop('cut');
          },
          reconnect() {
            client.wanted = true;
            if (!client.up) dial();
          },
          async close() {
            client.wanted = false;
            client.up = false;
          },
        };
      },
    }),
    restart({ keepsSessions }: { keepsSessions: boolean }) {
      const clients = [...sessions.values()].flatMap((s) => (s.client ? [s.client] : []));
      for (const c of clients) c.drop('broker restarted');
      if (!keepsSessions) {
        sessions.clear();
        retained.clear();
      }
      clock.setTimer(500, () => {
        for (const c of clients) (c as Client & { dial: () => void }).dial();
      });
    },
  };
}
