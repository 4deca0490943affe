import type { SpanStart } from '../../shared/ports/tracing.ts';
import { topics } from '../../shared/protocol/topics.ts';

/** The span of an MQTT message of one vehicle, whose topic is written without the VIN. */
export function messageSpan(
  channel: 'configure' | 'result',
  operation: 'send' | 'process',
  parent: string,
): SpanStart {
  const template = topics[channel]('{vin}');
  return {
    name: `${operation} ${template}`,
    kind: operation === 'send' ? 'producer' : 'consumer',
    parent,
    attributes: {
      'messaging.system': 'mqtt',
      'messaging.destination.template': template,
      'messaging.operation.type': operation,
      'messaging.operation.name': operation === 'send' ? 'publish' : 'process',
    },
  };
}
