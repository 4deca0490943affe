import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { streamNotFound } from './nats-streams.ts';

/** Returns the payloads that a stream of this server holds at the moment, oldest first; none where there is no such stream. */
export async function storedMessages(url: string, stream: string): Promise<string[]> {
  const { username: user, password: pass, host } = new URL(url);
  const connection = await connect({ servers: host, user, pass, reconnect: false });
  try {
    const manager = await jetstreamManager(connection);
    const { state } = await manager.streams.info(stream);
    if (state.messages === 0) return [];
    const consumer = await jetstream(connection).consumers.get(stream);
    const payloads: string[] = [];
    for await (const message of await consumer.consume()) {
      payloads.push(message.string());
      if (message.info.pending === 0) break;
    }
    return payloads;
  } catch (error) {
    const isMissing = error instanceof JetStreamApiError && error.code === streamNotFound;
    if (isMissing) return [];
    throw error;
  } finally {
    await connection.close();
  }
}
