import type { Aedes } from 'aedes';

/** The part of Aedes' persistence that its types leave out. */
interface Persistence {
  outgoingEnqueueCombi(subscriptions: readonly { clientId: string }[], packet: unknown): Promise<void>;
  /** Removes and returns the oldest message of the session with this message id; one that was never sent has none. */
  outgoingClearMessageId(
    client: { readonly id: string },
    packet: { readonly messageId?: number | undefined },
  ): Promise<unknown>;
}

/**
 * Bounds what waits for sessions that are away; Aedes itself keeps everything. The oldest goes first: a command that
 * waited behind so many others is past its deadline.
 */
export function limitQueues(
  broker: Aedes,
  limitOf: (clientId: string) => number,
  onDropped: (clientId: string) => void,
): void {
  const { persistence } = broker as unknown as { persistence: Persistence };
  const enqueue = persistence.outgoingEnqueueCombi.bind(persistence);
  const clear = persistence.outgoingClearMessageId.bind(persistence);
  const waiting = new Map<string, number>();

  persistence.outgoingEnqueueCombi = async (subscriptions, packet) => {
    const kept: { clientId: string }[] = [];
    for (const subscription of subscriptions) {
      const { clientId } = subscription;
      if ((waiting.get(clientId) ?? 0) >= limitOf(clientId)) {
        onDropped(clientId);
        // All of them sent and none acknowledged: then the new one is dropped.
        if ((await persistence.outgoingClearMessageId({ id: clientId }, {})) === undefined) continue;
      }
      waiting.set(clientId, (waiting.get(clientId) ?? 0) + 1);
      kept.push(subscription);
    }
    await enqueue(kept, packet);
  };

  persistence.outgoingClearMessageId = async (client, packet) => {
    const cleared = await clear(client, packet);
    if (cleared === undefined) return cleared;
    const left = (waiting.get(client.id) ?? 0) - 1;
    if (left > 0) waiting.set(client.id, left);
    else waiting.delete(client.id);
    return cleared;
  };
}
