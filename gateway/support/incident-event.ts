import { isoText } from '../../shared/protocol/instant.ts';
import type { RecordRow } from '../store/schema.ts';
import { pagerDutySummary, type TicketMessage } from './ticket-event.ts';

type Line = Pick<RecordRow, 'type' | 'at' | 'actor' | 'data'>;

/** Whether a line of the history is about an incident: one ticket for the whole fleet. */
export const isIncident = (type: string) => type.startsWith('incident.');

/** The payload that Standard Webhooks recommends: type, timestamp, data. */
export function standardIncidentMessage(line: Line): TicketMessage {
  const data = JSON.parse(line.data) as object;
  return {
    type: line.type,
    timestamp: isoText(line.at),
    data: { ...data, actor: line.actor, priority: 'HIGH' },
  };
}

/** PagerDuty Events API v2: one alert an incident, which its end resolves. */
export function pagerDutyIncidentMessage(routingKey: string, line: Line): TicketMessage {
  const { incidentId, cause, reason } = JSON.parse(line.data) as {
    incidentId: string;
    cause: string;
    reason?: string;
  };
  const isPause = cause === 'paused';
  const common = { routing_key: routingKey, dedup_key: incidentId };
  if (line.type === 'incident.closed') return { ...common, event_action: 'resolve' };
  return {
    ...common,
    event_action: 'trigger',
    payload: {
      summary: pagerDutySummary(
        isPause
          ? `HIGH: activations wait: ${line.actor} paused the engine (${reason})`
          : `HIGH: calls to the API IoT fail for the whole fleet (${cause.replaceAll('_', ' ')}): activations wait`,
      ),
      source: 'fleetwake',
      severity: 'critical',
      timestamp: isoText(line.at),
      component: isPause ? 'engine' : 'api-iot',
      group: incidentId,
      class: line.type,
      custom_details: JSON.parse(line.data) as object,
    },
  };
}
