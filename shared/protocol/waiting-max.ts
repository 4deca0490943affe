/**
 * QoS 1 messages that a broker keeps for a session that is away, the oldest goes beyond it: commands for a vehicle, results
 * for the API IoT or a monitor.
 */
export function waitingMaxOf(clientId: string): number {
  return clientId.startsWith('vehicle-') ? 100 : 100_000;
}
