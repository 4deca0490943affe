import { expect, it } from 'vitest';
import { openIncident } from '../../../gateway/store/incidents.ts';
import { systemIds } from '../../../shared/live/ids.ts';
import { type World, withPlatform } from '../../helpers/platform-under-test.ts';

async function opened({ database, clock }: World): Promise<string> {
  const at = clock.now();
  const { incident } = await database.write((transaction) =>
    openIncident(transaction, systemIds(), {
      cause: 'credentials_refused',
      calls: 3,
      closes_by: 'any',
      opened_at: at,
      probe_at: at + 30_000,
    }),
  );
  return incident.id;
}

it('lists the open incident, shows it in readiness and metrics, and lets an operator end it', () =>
  withPlatform(async (world) => {
    expect((await world.call('GET', '/incidents')).body).toEqual({ incidents: [], next: null });
    const id = await opened(world);
    const at = world.clock.now();
    const incident = {
      id,
      cause: 'credentials_refused',
      status: 'open',
      openedAt: at,
      openedBy: 'engine',
      reason: null,
      closedAt: null,
      closedBy: null,
      probeAt: at + 30_000,
      calls: 3,
    };
    expect((await world.call('GET', '/incidents')).body).toEqual({ incidents: [incident], next: null });
    expect((await world.call('GET', '/readyz')).body).toEqual({
      status: 'degraded',
      problems: [
        {
          part: 'api-iot',
          detail:
            'Calls to the API IoT fail for the whole fleet. Purchases are taken, and activations wait; GET /incidents names the cause.',
        },
      ],
    });
    const metrics = async () => String((await world.call('GET', '/metrics')).body).split('\n');
    expect(await metrics()).toContain('fleetwake_incident_open{cause="credentials_refused"} 1');
    await world.clock.advance(5_000);
    const ended = await world.call('POST', `/incidents/${id}/end`);
    const closed = {
      ...incident,
      status: 'closed',
      closedAt: at + 5_000,
      closedBy: 'operator:developer',
      probeAt: null,
    };
    expect([ended.status, ended.body]).toEqual([200, closed]);
    expect(await metrics()).toContain('fleetwake_incident_open{cause="credentials_refused"} 0');
    expect((await world.call('GET', '/incidents?status=closed')).body).toEqual({
      incidents: [closed],
      next: null,
    });
    expect((await world.call('POST', `/incidents/${id}/end`)).status).toBe(404);
    const record = await world.database.reader
      .selectFrom('record')
      .select(['type', 'actor', 'data'])
      .execute();
    expect(record.map((line) => [line.type, line.actor, JSON.parse(line.data)])).toEqual([
      [
        'incident.opened',
        'engine',
        { incidentId: id, cause: 'credentials_refused', calls: 3, probeAt: at + 30_000 },
      ],
      [
        'incident.closed',
        'operator:developer',
        { incidentId: id, cause: 'credentials_refused', lastedMs: 5_000 },
      ],
    ]);
  }));

it('has one open incident at most: a second process is given the first one', () =>
  withPlatform(async (world) => {
    const id = await opened(world);
    expect(await opened(world)).toBe(id);
    expect((await world.call('GET', '/incidents')).body.incidents).toHaveLength(1);
  }));

it('is paused by an operator, who ends a systemic incident with it, and resumed', () =>
  withPlatform(async (world) => {
    const systemic = await opened(world);
    const reason = 'maintenance of the API IoT';
    const paused = await world.call('POST', '/incidents', { reason });
    const pause = {
      id: paused.body.id,
      cause: 'paused',
      status: 'open',
      openedAt: world.clock.now(),
      openedBy: 'operator:developer',
      reason,
      closedAt: null,
      closedBy: null,
      probeAt: null,
      calls: 0,
    };
    expect([paused.status, paused.body]).toEqual([201, pause]);
    expect((await world.call('GET', '/incidents')).body.incidents).toEqual([pause]);
    expect((await world.call('GET', '/readyz')).body).toEqual({
      status: 'degraded',
      problems: [
        {
          part: 'engine',
          detail:
            'An operator has paused the engine. Purchases are taken, and activations wait; GET /incidents names who paused it and why.',
        },
      ],
    });
    expect(String((await world.call('GET', '/metrics')).body)).toContain(
      'fleetwake_incident_open{cause="paused"} 1',
    );
    const again = await world.call('POST', '/incidents', { reason });
    expect([again.status, again.body.type]).toEqual([409, 'urn:fleetwake:problem:already-paused']);
    expect((await world.call('POST', '/incidents', {})).status).toBe(422);
    expect((await world.call('POST', `/incidents/${pause.id}/end`)).body).toMatchObject({
      status: 'closed',
      closedBy: 'operator:developer',
    });
    expect((await world.call('POST', `/incidents/${pause.id}/end`)).status).toBe(404);
    const record = await world.database.reader
      .selectFrom('record')
      .select(['type', 'actor', 'data'])
      .execute();
    expect(record.slice(1).map((line) => [line.type, line.actor, JSON.parse(line.data)])).toEqual([
      [
        'incident.closed',
        'operator:developer',
        { incidentId: systemic, cause: 'credentials_refused', lastedMs: 0 },
      ],
      ['incident.opened', 'operator:developer', { incidentId: pause.id, cause: 'paused', reason }],
      ['incident.closed', 'operator:developer', { incidentId: pause.id, cause: 'paused', lastedMs: 0 }],
    ]);
  }));
