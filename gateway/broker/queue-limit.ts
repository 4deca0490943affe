/** The part of Aedes' persistence that keeps messages for sessions. */
export interface QueuePersistence {
  outgoingEnqueueCombi(subscriptions: readonly { clientId: string }[], packet: object): Promise<void>;
  /** Removes and returns the oldest message of the session with this message id; one that was never sent has none. */
  outgoingClearMessageId(
    client: { readonly id: string },
    packet: { readonly messageId?: number | undefined },
  ): Promise<unknown>;
}

/**
 * Bounds what waits for sessions that are away; Aedes itself keeps everything. The oldest goes first: a command that
 * waited behind so many others is past its deadline.
 *
 * A session gets one copy of a message, however many of its filters match. Aedes keeps a copy for each filter, delivers the
 * first, and then takes the oldest unsent message for the copy that is too many: another one may be lost by that.
 */
export function limitQueues(
  persistence: QueuePersistence,
  limitOf: (clientId: string) => number,
  onDropped: (clientId: string) => void,
): void {
  const enqueue = persistence.outgoingEnqueueCombi.bind(persistence);
  const clear = persistence.outgoingClearMessageId.bind(persistence);
  const waiting = new Map<string, number>();

  async function remove(client: { readonly id: string }, messageId: number | undefined): Promise<unknown> {
    const removed = await clear(client, { messageId });
    if (removed === undefined) return removed;
    const left = (waiting.get(client.id) ?? 0) - 1;
    if (left > 0) waiting.set(client.id, left);
    else waiting.delete(client.id);
    return removed;
  }

  persistence.outgoingEnqueueCombi = async (subscriptions, packet) => {
    const kept = new Map<string, { clientId: string }>();
    for (const subscription of subscriptions) {
      const { clientId } = subscription;
      if (kept.has(clientId)) continue;
      if ((waiting.get(clientId) ?? 0) >= limitOf(clientId)) {
        onDropped(clientId);
        // All of them sent and none acknowledged: then the new one is dropped.
        if ((await remove({ id: clientId }, undefined)) === undefined) continue;
      }
      waiting.set(clientId, (waiting.get(clientId) ?? 0) + 1);
      kept.set(clientId, subscription);
    }
    // Delivered later, it is no retained message to its receiver [MQTT-3.3.1-9].
    await enqueue([...kept.values()], { ...packet, retain: false });
  };

  persistence.outgoingClearMessageId = async (client, { messageId }) =>
    // Without an id it is the copy that was not kept, or what its receiver may not get, which goes when the session resumes.
    messageId === undefined ? undefined : remove(client, messageId);
}
