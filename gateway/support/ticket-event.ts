import { isoText } from '../../shared/protocol/instant.ts';
import { visibleLine } from '../../shared/protocol/plain-text.ts';
import type { RecordRow } from '../store/schema.ts';
import type { Ticket } from './stored-ticket.ts';
import { contradictionCode } from './ticket.ts';

/** What a try of the webhook sends: a body, and nothing for an event that the format has no word for. */
export type TicketMessage = Readonly<Record<string, unknown>> | null;

type Line = Pick<RecordRow, 'type' | 'at' | 'actor' | 'data' | 'activation_id' | 'purchase_id'>;

/** The payload that Standard Webhooks recommends: type, timestamp, data. */
export function standardMessage(line: Line, ticket: Ticket): TicketMessage {
  return {
    type: line.type,
    timestamp: isoText(line.at),
    data: {
      ...(JSON.parse(line.data) as object),
      ticketId: ticket.id,
      activationId: line.activation_id,
      purchaseId: line.purchase_id,
      actor: line.actor,
      priority: ticket.fields.priority,
      vin: ticket.fields.vin,
      serviceId: ticket.fields.serviceId,
      incidentId: ticket.incidentId,
    },
  };
}

const actions: Readonly<Record<string, 'trigger' | 'acknowledge' | 'resolve'>> = {
  'ticket.opened': 'trigger',
  'ticket.reopened': 'trigger',
  'ticket.sla_warning': 'trigger',
  'ticket.sla_breached': 'trigger',
  'ticket.started': 'acknowledge',
  'ticket.resolved': 'resolve',
  'ticket.closed': 'resolve',
};

function severity(type: string, { fields }: Ticket): 'critical' | 'error' | 'warning' {
  if (type === 'ticket.sla_breached') return 'critical';
  return fields.priority === 'HIGH' && type !== 'ticket.sla_warning' ? 'error' : 'warning';
}

/** One line without control characters. PagerDuty refuses one of more than 1,024 characters, and its alert would be parked. */
export const pagerDutySummary = (text: string) => visibleLine(text).slice(0, 1_024);

/** PagerDuty Events API v2: one alert a ticket (`dedup_key`), those of one incident in one `group`. */
export function pagerDutyMessage(routingKey: string, line: Line, ticket: Ticket): TicketMessage {
  const action = actions[line.type];
  if (action === undefined) return null;
  const { vin, serviceId, lastErrorCode, lastErrorMessage, priority } = ticket.fields;
  const common = { routing_key: routingKey, event_action: action, dedup_key: ticket.id };
  if (action !== 'trigger') return common;
  const wrong =
    lastErrorCode === contradictionCode ? 'does not keep its state on' : 'could not be activated on';
  const said = line.type === 'ticket.opened' ? '' : ` (${line.type.replace('ticket.', '')})`;
  const cause = typeof lastErrorMessage === 'string' ? lastErrorMessage : lastErrorMessage.unavailable;
  return {
    ...common,
    payload: {
      summary: pagerDutySummary(`${priority}: ${serviceId} ${wrong} ${vin}${said}: ${cause}`),
      source: vin,
      severity: severity(line.type, ticket),
      timestamp: isoText(line.at),
      component: serviceId,
      ...(ticket.incidentId === null ? {} : { group: ticket.incidentId }),
      class: line.type,
      custom_details: JSON.parse(line.data) as object,
    },
  };
}
