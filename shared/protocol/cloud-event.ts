import { isoText } from './instant.ts';

/** The attributes of one CloudEvent, and its data as a JSON object. */
export interface CloudEvent {
  /** Unique within the source. */
  readonly id: string;
  /** A URI reference: who publishes. */
  readonly source: string;
  /** Without the prefix of the product: `vehicle.connected`. */
  readonly type: string;
  readonly subject?: string | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
  /** W3C trace context (extension "distributed tracing"). */
  readonly traceparent?: string | undefined;
  readonly data: object;
}

/** Returns an event in the JSON format of CloudEvents 1.0, in structured mode. */
export function cloudEventText({ id, source, type, subject, at, traceparent, data }: CloudEvent): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source,
    type: `fleetwake.${type}`,
    subject,
    time: isoText(at),
    datacontenttype: 'application/json',
    traceparent,
    data,
  });
}
