/** MQTT topics (topic is MQTT, subject is NATS). The VIN comes early, so that access is granted per vehicle. */
export const topics = {
  configure: (vin: string) => `vehicles/${vin}/cmd/configure`,
  result: (vin: string) => `vehicles/${vin}/evt/result`,
  /** Retained; the last will publishes `online: false` here. */
  status: (vin: string) => `vehicles/${vin}/evt/status`,
  telemetry: (vin: string) => `vehicles/${vin}/telemetry`,
} as const;

/** What the API IoT subscribes to. */
export const fleetFilters = [
  'vehicles/+/evt/result',
  'vehicles/+/evt/status',
  'vehicles/+/telemetry',
] as const;

export type VehicleChannel = 'configure' | 'result' | 'status' | 'telemetry';

const suffixes: Readonly<Record<string, VehicleChannel>> = {
  'cmd/configure': 'configure',
  'evt/result': 'result',
  'evt/status': 'status',
  telemetry: 'telemetry',
};

/** The VIN and the channel of a topic, or null for any other topic. */
export function parseTopic(topic: string): { vin: string; channel: VehicleChannel } | null {
  const [root, vin, ...rest] = topic.split('/');
  const channel = suffixes[rest.join('/')];
  return root === 'vehicles' && vin && channel ? { vin, channel } : null;
}
