import { Counter, Gauge, type Metric } from 'prom-client';
import type { EmbeddedBroker } from './embedded-broker.ts';

/** Connections of the embedded broker, and what it refused, by reason. */
export function brokerMetrics(broker: Pick<EmbeddedBroker, 'connections' | 'refusals'>): readonly Metric[] {
  return [
    new Gauge({
      name: 'fleetwake_mqtt_connections',
      help: 'Clients that are connected to the embedded broker, the API IoT among them',
      registers: [],
      collect() {
        this.set(broker.connections());
      },
    }),
    new Counter({
      name: 'fleetwake_mqtt_refused_total',
      help: 'Connections, publishes and subscriptions that the embedded broker refused, by reason',
      labelNames: ['reason'],
      registers: [],
      collect() {
        this.reset();
        for (const [reason, count] of Object.entries(broker.refusals())) this.inc({ reason }, count);
      },
    }),
  ];
}
