import type { Bus } from '../shared/ports/bus.ts';
import type { Http } from '../shared/ports/http.ts';
import type { Mailer } from '../shared/ports/mailer.ts';
import type { Pusher } from '../shared/ports/pusher.ts';
import type { Secrets } from '../shared/ports/secrets.ts';
import type { Tracing } from '../shared/ports/tracing.ts';
import { activationTrace } from '../shared/protocol/activation-trace.ts';
import { subjectMatches, subjects } from '../shared/protocol/subjects.ts';
import { tracedBus, tracedHttp, tracedMailer, tracedPusher } from '../shared/tracing/traced-ports.ts';
import { inTraceOf } from './engine/activation-spans.ts';

interface Ports {
  readonly tracing?: Tracing;
  readonly secrets: Secrets;
  readonly bus: Bus;
  readonly http: Http;
  readonly mailer: Mailer;
  readonly pusher: Pusher;
}

interface TraceAccess {
  /** The trace context of an activation. */
  readonly contextOf?: (activationId: string) => string;
  readonly inTraceOf?: <T>(activationId: string, work: () => T) => T;
}

/** Returns the platform's ports with what records spans in front of them; where none are recorded, the same ports. */
export function tracedPorts<P extends Ports>(ports: P): P & TraceAccess {
  const { tracing, bus, http, mailer, pusher, secrets } = ports;
  if (!tracing?.isOn) return ports;
  const contextOf = (id: string) => tracing.sampled(activationTrace(secrets.digest(id)).traceparent);
  return {
    ...ports,
    contextOf,
    inTraceOf: <T>(id: string, work: () => T) => inTraceOf(ports, id, work),
    http: tracedHttp(http, tracing),
    mailer: tracedMailer(mailer, tracing),
    pusher: tracedPusher(pusher, tracing),
    bus: tracedBus(bus, tracing, {
      template: subjects.wakeUp('{activation}'),
      contextOf: (subject, id) =>
        id.startsWith('act_') && subjectMatches(subjects.allWakeUps, subject) ? contextOf(id) : undefined,
    }),
  };
}
