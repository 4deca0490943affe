import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { apiIotMetrics } from '../../../gateway/api-iot/metrics.ts';
import { brokerMetrics } from '../../../gateway/broker/broker-metrics.ts';
import { openTraces } from '../../../gateway/live/traces.ts';
import { eventFigures } from '../../../gateway/platform/event-figures.ts';
import { newMetrics } from '../../../gateway/platform/metrics.ts';
import { purchaseAdmission } from '../../../gateway/platform/purchase-admission.ts';
import { standardAges } from '../../../gateway/retention/ages.ts';
import { retention, retentionAtTimeScale } from '../../../gateway/retention/retention.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { order, register, withPlatform } from '../../helpers/platform-under-test.ts';

it('counts purchase requests by their answer, and tells how many activations are open and how late the engine is', () =>
  withPlatform(async (world) => {
    await register(world);
    const buy = (change: object = {}) =>
      world.call(
        'POST',
        '/purchases',
        { ...order, ...change },
        { 'idempotency-key': JSON.stringify(change) },
      );
    await buy();
    await buy();
    await buy({ preDelivery: true });
    await buy({ serviceId: 'massage' });
    world.engine.payment = 'declined';
    await buy({ serviceId: 'ambient-light' });
    world.engine.payment = 'authorised';
    await buy({ serviceId: 'remote-start' });
    await world.clock.advance(2_500);
    const { status, headers, body } = await world.call('GET', '/metrics');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const lines = (body as string).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const isOfRequests = (line: string) => line.startsWith('fleetwake_http_request_duration_seconds');
    const counts = lines.filter((line) => line.startsWith('fleetwake_http_request_duration_seconds_count'));
    expect(counts.filter((line) => line.includes('"/purchases"'))).toEqual([
      'fleetwake_http_request_duration_seconds_count{service="platform",method="POST",route="/purchases",status="2xx"} 3',
      'fleetwake_http_request_duration_seconds_count{service="platform",method="POST",route="/purchases",status="4xx"} 3',
    ]);
    const samples = lines.filter((line) => !isOfRequests(line));
    expect(samples).toEqual([
      'fleetwake_purchase_requests_total{answer="created"} 2',
      'fleetwake_purchase_requests_total{answer="replayed"} 1',
      'fleetwake_purchase_requests_total{answer="activation-open"} 1',
      'fleetwake_purchase_requests_total{answer="unknown-service"} 1',
      'fleetwake_purchase_requests_total{answer="payment-declined"} 1',
      'fleetwake_purchases_under_way 0',
      'fleetwake_purchases_waiting 0',
      'fleetwake_purchases_under_way_max 64',
      'fleetwake_purchases_refused_total{reason="overload"} 0',
      'fleetwake_purchases_refused_total{reason="client_gone"} 0',
      ...['0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'].map(
        (bound) => `fleetwake_event_loop_long_turn_seconds_bucket{le="${bound}"} 0`,
      ),
      'fleetwake_event_loop_long_turn_seconds_sum 0',
      'fleetwake_event_loop_long_turn_seconds_count 0',
      'fleetwake_tickets_open{sla="in_time"} 0',
      'fleetwake_tickets_open{sla="late"} 0',
      'fleetwake_notifications_dead 0',
      'fleetwake_notification_wait_max_seconds 2.5',
      'fleetwake_restore_stopped 0',
      'fleetwake_disputes_open{status="open"} 0',
      'fleetwake_disputes_open{status="lost"} 0',
      'fleetwake_event_streams 0',
      'fleetwake_bus_up 1',
      'fleetwake_activations_open 2',
      'fleetwake_activations_overdue 0',
      'fleetwake_incident_open{cause="credentials_refused"} 0',
      'fleetwake_incident_open{cause="forbidden"} 0',
      'fleetwake_incident_open{cause="unknown_vehicles"} 0',
      'fleetwake_incident_open{cause="server_errors"} 0',
      'fleetwake_incident_open{cause="unreachable"} 0',
      'fleetwake_incident_open{cause="paused"} 0',
      'fleetwake_settlements_open{status="uncollectible"} 0',
      'fleetwake_settlements_open{status="unsettled"} 0',
      'fleetwake_due_lag_seconds 2.5',
      'fleetwake_vehicle_clocks_differing 0',
      'fleetwake_vehicle_clock_skew_max_seconds 0',
    ]);
    await world.clock.advance(117_500);
    const later = await world.call('GET', '/metrics');
    expect((later.body as string).split('\n')).toEqual(
      expect.arrayContaining(['fleetwake_activations_overdue 2', 'fleetwake_due_lag_seconds 120']),
    );
  }));

it('documents every metric', () =>
  withPlatform(async (world) => {
    const page = readFileSync(new URL('../../../docs/monitoring.md', import.meta.url), 'utf8');
    const { body } = await world.call('GET', '/metrics');
    const broker = brokerMetrics({ connections: () => 0, refusals: () => ({}) });
    // Their names are read, and nothing of what they count.
    const unread = () => Promise.reject(new Error('read'));
    const apiIot = apiIotMetrics({
      database: { reader: unread as never },
      counters: unread as never,
      others: broker,
    });
    const retained = (['platform', 'api_iot'] as const).flatMap(
      (service) =>
        retention({
          ...world,
          service,
          rules: [],
          settings: retentionAtTimeScale(1, standardAges),
          log: silentLog,
        }).metrics,
    );
    const traces = await openTraces('fleetwake-test', silentLog, {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    });
    await traces.stop();
    const shown = [
      'fleetwake_metrics_services_unread',
      ...[...(body as string).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name),
      ...[
        ...eventFigures().metrics,
        ...apiIot.registry.getMetricsAsArray(),
        ...retained,
        ...traces.metrics,
      ].map((metric) => (metric as unknown as { name: string }).name),
    ];
    const documented = new Set([...page.matchAll(/`(fleetwake_[a-z_]+)/g)].map(([, name]) => name));
    expect(documented).toEqual(new Set(shown));
  }));

it('is ready while NATS is away, and says which part does not work', () =>
  withPlatform(
    async (world) => {
      const { status, body } = await world.call('GET', '/readyz');
      expect([status, body]).toEqual([
        200,
        {
          status: 'degraded',
          problems: [
            {
              part: 'nats',
              detail:
                'NATS takes no messages. Purchases are taken, and the engine works by its sweep; the log names the cause.',
            },
          ],
        },
      ]);
      expect((await world.call('GET', '/metrics')).body).toContain('\nfleetwake_bus_up 0\n');
    },
    { isBusAway: true },
  ));

it('is not ready without its database', () =>
  withPlatform(async (world) => {
    expect((await world.call('GET', '/readyz')).body).toEqual({ status: 'ready', problems: [] });
    await world.database.write((transaction) => transaction.schema.dropTable('incidents').execute());
    const { status, body } = await world.call('GET', '/readyz');
    expect([status, body.reasons]).toEqual([503, ['The database does not answer.']]);
  }));

it('shows the turns of the event loop that took more than 50 ms', () =>
  withPlatform(async ({ database, clock }) => {
    const listeners: ((ms: number) => void)[] = [];
    const eventLoop = {
      busyMs: () => 0,
      lagMs: () => 0,
      onLongTurn(listener: (ms: number) => void) {
        listeners.push(listener);
        return () => {};
      },
    };
    const bus = { problem: () => null };
    const metrics = newMetrics({ database, clock, bus, eventLoop, admission: purchaseAdmission({ clock }) });
    for (const ms of [60, 700, 3_000]) for (const listener of listeners) listener(ms);
    expect((await metrics.registry.metrics()).split('\n')).toEqual(
      expect.arrayContaining([
        'fleetwake_event_loop_long_turn_seconds_bucket{le="0.1"} 1',
        'fleetwake_event_loop_long_turn_seconds_bucket{le="1"} 2',
        'fleetwake_event_loop_long_turn_seconds_sum 3.76',
        'fleetwake_event_loop_long_turn_seconds_count 3',
      ]),
    );
  }));
