import { type ChannelDispatcher, channelDispatcher, type DispatcherDeps } from './channel-dispatcher.ts';

/**
 * Delivers notices at least once: a notice goes out twice only when a process dies between the channel's answer and its
 * own write, and then under the same Message-ID or topic. Several processes may run one each on one database.
 */
export type NoticeDispatcher = ChannelDispatcher;

export function noticeDispatcher(deps: DispatcherDeps): NoticeDispatcher {
  const channels = [channelDispatcher(deps, 'email'), channelDispatcher(deps, 'push')];
  return {
    /** Call it after a commit that wrote notices; calls that come together cost one look. */
    wake() {
      for (const channel of channels) channel.wake();
    },
    start() {
      for (const channel of channels) channel.start();
    },
    /** Takes no new notice and waits for those under way (at most half a claim). */
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
