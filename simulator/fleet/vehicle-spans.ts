import { messageSpan } from '../../gateway/api-iot/message-span.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Tracing } from '../../shared/ports/tracing.ts';
import { traceparentOf } from '../../shared/protocol/traceparent.ts';
import type { ObserveFleet } from './fleet-events.ts';

/** Commands under way that are remembered; beyond it the oldest has no span. */
const underWayMax = 10_000;

/** Records what each vehicle does with a command as a span: from its receipt to its answer. A command that is never answered has none. */
export function vehicleSpans(tracing: Tracing, clock: Clock, observe: ObserveFleet = () => {}): ObserveFleet {
  const received = new Map<string, number>();
  return (event) => {
    observe(event);
    const { type, data } = event;
    if (type === 'command.received') {
      const [oldest] = received.keys();
      if (received.size >= underWayMax && oldest !== undefined) received.delete(oldest);
      if (!received.has(data.commandId)) received.set(data.commandId, clock.now());
    }
    if (type !== 'command.applied' && type !== 'command.rejected') return;
    const parent = traceparentOf(data.traceparent);
    const startedAt = received.get(data.commandId);
    received.delete(data.commandId);
    if (parent === undefined || startedAt === undefined) return;
    tracing
      .start({ ...messageSpan('configure', 'process', parent), startedAt })
      .end(type === 'command.rejected' ? { error: 'rejected' } : {});
  };
}
