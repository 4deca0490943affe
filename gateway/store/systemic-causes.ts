/** Why calls fail for the whole fleet at once: nothing about one vehicle. */
export const systemicCauses = [
  /** The token endpoint refuses our client, or every token is answered 401. */
  'credentials_refused',
  'forbidden',
  /** The API IoT does not know vehicles that are registered here: its registry was emptied or another one answers. */
  'unknown_vehicles',
  'server_errors',
  'unreachable',
] as const;
export type SystemicCause = (typeof systemicCauses)[number];

/** Why activations of the whole fleet wait: a systemic cause, or an operator who has paused the engine. */
export const incidentCauses = [...systemicCauses, 'paused'] as const;
export type IncidentCause = (typeof incidentCauses)[number];
