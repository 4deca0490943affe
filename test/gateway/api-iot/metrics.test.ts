import { expect, it } from 'vitest';
import { topics } from '../../../shared/protocol/topics.ts';
import { configureBody, vin, withApiIot } from '../../helpers/api-iot.ts';

it('counts commands by their end, refusals of the quota, callbacks and what waits, and names no vehicle', () =>
  withApiIot(
    async (bench) => {
      bench.answerCallback = () => new Response(null, { status: 500 });
      const body = { ...configureBody, callbackUrl: 'http://127.0.0.1:9999/callbacks' };
      await bench.accept({ body });
      const [first] = bench.commands();
      if (first === undefined) throw new Error('the command was not published');
      await bench.clock.advance(3_000);
      await bench.answer(first);
      await bench.clock.advance(0);
      await bench.accept();
      expect((await bench.configure()).status).toBe(429);
      await bench.link.bring(topics.status(vin), 'no JSON');
      await bench.clock.advance(0);

      const token = await bench.tokenWith({ sub: 'op', scope: 'metrics:read' });
      const answer = await bench.call('GET', '/metrics', { token });
      const text = await answer.text();
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'text/plain; version=0.0.4; charset=utf-8',
      ]);
      const isCounted = (line: string) => !/_bucket|_sum/.test(line) && !line.endsWith(' 0');
      const isOfSetUp = (line: string) => line.includes('route="') && !line.includes('/configure"');
      expect(lines.filter((line) => isCounted(line) && !isOfSetUp(line))).toEqual([
        'fleetwake_http_request_duration_seconds_count{service="api_iot",method="POST",route="/vehicle/:vin/configure",status="2xx"} 2',
        'fleetwake_http_request_duration_seconds_count{service="api_iot",method="POST",route="/vehicle/:vin/configure",status="4xx"} 1',
        'fleetwake_api_iot_commands_accepted_total 2',
        'fleetwake_api_iot_quota_refused_total 1',
        'fleetwake_api_iot_command_seconds_count{state="applied"} 1',
        'fleetwake_api_iot_messages_refused_total{reason="not_json"} 1',
        'fleetwake_api_iot_callback_tries_total{result="failed"} 1',
        'fleetwake_api_iot_commands_waiting 1',
        'fleetwake_api_iot_callbacks_waiting 1',
      ]);
      expect(lines).toEqual(
        expect.arrayContaining([
          'fleetwake_api_iot_command_seconds_bucket{le="1",state="applied"} 0',
          'fleetwake_api_iot_command_seconds_bucket{le="5",state="applied"} 1',
          'fleetwake_api_iot_command_seconds_sum{state="applied"} 3',
        ]),
      );
      expect(text).not.toContain(vin);
    },
    { quotaPerHour: 2 },
  ));

it('shows the metrics to no one without the scope', () =>
  withApiIot(async (bench) => {
    expect((await bench.call('GET', '/metrics')).status).toBe(403);
    expect((await bench.call('GET', '/metrics', { token: null })).status).toBe(401);
  }));
