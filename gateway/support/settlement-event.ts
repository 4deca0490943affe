import { isoText } from '../../shared/protocol/instant.ts';
import { formatMoney } from '../../shared/protocol/money.ts';
import type { RecordRow } from '../store/schema.ts';
import type { TicketMessage } from './ticket-event.ts';

type Line = Pick<RecordRow, 'type' | 'at' | 'actor' | 'data' | 'activation_id' | 'purchase_id'>;

/** Lines of the history that tell of money which people settle, and what each is for an alerting system. */
const actions: Readonly<Record<string, 'trigger' | 'resolve'>> = {
  'payment.unsettled': 'trigger',
  'payment.uncollectible': 'trigger',
  'payment.disputed': 'trigger',
  'payment.dispute_lost': 'trigger',
  'payment.dispute_won': 'resolve',
  'payment.settled': 'resolve',
  'payment.paid_back': 'resolve',
  'payment.charged_back': 'resolve',
  'payment.collected': 'resolve',
  'payment.written_off': 'resolve',
};

export function isSettlementEvent(type: string): boolean {
  return Object.hasOwn(actions, type);
}

/** Returns the payload that Standard Webhooks recommends: type, timestamp, data. */
export function standardSettlementMessage(line: Line): TicketMessage {
  return {
    type: line.type,
    timestamp: isoText(line.at),
    data: {
      ...(JSON.parse(line.data) as object),
      activationId: line.activation_id,
      purchaseId: line.purchase_id,
      actor: line.actor,
    },
  };
}

/** Returns a message of PagerDuty's Events API v2: one alert for the money of an activation (`dedup_key`). */
export function pagerDutySettlementMessage(routingKey: string, line: Line): TicketMessage {
  const action = actions[line.type] ?? 'trigger';
  const common = {
    routing_key: routingKey,
    event_action: action,
    dedup_key: `settlement:${line.activation_id}`,
  };
  if (action !== 'trigger') return common;
  const data = JSON.parse(line.data) as { readonly amountMinor?: number; readonly currency?: string };
  const { amountMinor, currency } = data;
  const amount =
    amountMinor === undefined || currency === undefined ? '' : ` ${formatMoney({ amountMinor, currency })}`;
  return {
    ...common,
    payload: {
      summary: `Settlement (${line.type.replace('payment.', '')}):${amount} of ${line.activation_id}`,
      source: line.activation_id ?? 'platform',
      severity: 'error',
      timestamp: isoText(line.at),
      component: 'payments',
      class: line.type,
      custom_details: data,
    },
  };
}
