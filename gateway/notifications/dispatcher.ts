import { type ChannelDispatcher, channelDispatcher, type DispatcherDeps } from './channel-dispatcher.ts';

/**
 * Delivers notifications at least once: one is sent twice only when a process crashes between the channel's answer and its
 * own write, and then under the same Message-ID or topic. Several processes may each run one dispatcher on one database.
 */
export type NoticeDispatcher = ChannelDispatcher;

export function noticeDispatcher(deps: DispatcherDeps): NoticeDispatcher {
  const channels = [channelDispatcher(deps, 'email'), channelDispatcher(deps, 'push')];
  return {
    /** Call it after a commit that wrote notifications; several calls at once cost one query. */
    wake() {
      for (const channel of channels) channel.wake();
    },
    start() {
      for (const channel of channels) channel.start();
    },
    /** Claims no more notifications and waits for those being sent (at most half a claim). */
    async stop() {
      await Promise.all(channels.map((channel) => channel.stop()));
    },
    /** Resolves when nothing is due or under way; retries that wait for their moment do not count. */
    async idle() {
      await Promise.all(channels.map((channel) => channel.idle()));
    },
    counters() {
      const total = { sent: 0, retried: 0, dead: 0, repeated: 0 };
      for (const counters of channels.map((channel) => channel.counters())) {
        total.sent += counters.sent;
        total.retried += counters.retried;
        total.dead += counters.dead;
        total.repeated += counters.repeated;
      }
      return total;
    },
  };
}
