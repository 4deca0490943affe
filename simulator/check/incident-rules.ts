import type { Activation } from '../../gateway/activation/activation.ts';
import type { Evidence } from '../reports/evidence.ts';
import type { TestCase } from './test-case.ts';

/** So soon after its purchase an activation has asked for its vehicle and sent its command, which is three calls in the breaker's window. */
const threeCallsMs = 50_000;

/**
 * Returns a sentence for each way in which an API IoT that fails for every vehicle cost more than one incident: a second incident, one
 * that never ended, or a purchase that failed for what is no fault of its vehicle.
 */
export function judgeIncidents(evidence: Evidence, { world }: Pick<TestCase, 'world'>): string[] {
  const { record } = evidence.database;
  const outages = world.filter((fault) => fault.type === 'api_iot_fails');
  const opened = record.filter(({ type }) => type === 'incident.opened');
  const closed = record.filter(({ type }) => type === 'incident.closed');
  const broken: string[] = [];
  if (opened.length > outages.length)
    broken.push(`${opened.length} incidents were opened, and the API IoT failed ${outages.length} times`);
  if (closed.length !== opened.length)
    broken.push(`${opened.length} incidents were opened, and ${closed.length} closed`);
  return outages.length === 0 ? broken : [...broken, ...judgeRefused(evidence, world)];
}

/** A purchase that was refused while the incident was open, or that made all its calls while every one was refused. */
function judgeRefused({ database, startedAt }: Evidence, world: TestCase['world']): string[] {
  const spans = incidentSpans(database.record);
  // A process that starts again has forgotten the calls of the one before.
  const forgets = world.some(({ type }) => type === 'crash' || type === 'crash_at' || type === 'stop');
  const isRefused = (at: number) =>
    world.some(
      (fault) =>
        fault.type === 'api_iot_fails' &&
        fault.cause === 'credentials' &&
        at >= startedAt + fault.fromMs &&
        at < startedAt + fault.fromMs + fault.forMs,
    );
  return database.activations.flatMap(({ id, state }) => {
    const { attempts, requestedAt } = JSON.parse(state) as Activation;
    return attempts.flatMap(({ number, failure, endedAt }) => {
      if (failure?.category !== 'authorization_failure' || endedAt === null) return [];
      if (spans.some(({ from, to }) => endedAt > from && endedAt < to))
        return [`${id}: attempt ${number} failed (${failure.code}) while an incident was open`];
      const isAllRefused = isRefused(requestedAt) && isRefused(endedAt);
      if (forgets || !isAllRefused || endedAt - requestedAt > threeCallsMs) return [];
      return [
        `${id}: attempt ${number} failed (${failure.code}), which every vehicle met, and no incident was opened`,
      ];
    });
  });
}

function incidentSpans(record: Evidence['database']['record']) {
  return record
    .filter(({ type }) => type === 'incident.opened')
    .map(({ at: from, data }) => {
      const { incidentId } = JSON.parse(data) as { incidentId: string };
      const end = record.find(
        ({ type, data: text }) => type === 'incident.closed' && text.includes(incidentId),
      );
      return { from, to: end?.at ?? Number.POSITIVE_INFINITY };
    });
}
