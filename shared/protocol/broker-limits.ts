/**
 * QoS 1 messages that a broker keeps for a session that is away, the oldest goes beyond it: commands for a vehicle, results
 * for the API IoT or a monitor.
 */
export function waitingMaxOf(clientId: string): number {
  return clientId.startsWith('vehicle-') ? 100 : 100_000;
}

/** The longest MQTT packet, fixed header included. docs/mosquitto/mosquitto.conf says the same. */
export const packetMaxBytes = 65_536;

/** Returns the bytes of a QoS 1 PUBLISH packet (MQTT 3.1.1 section 3.3), its length field taken at its longest. */
export function publishPacketBytes(topic: string, payloadBytes: number): number {
  const fixedHeader = 1 + 4;
  const topicAndPacketId = 2 + topic.length + 2;
  return fixedHeader + topicAndPacketId + payloadBytes;
}
