import { expect, it } from 'vitest';
import { withApiIot } from '../../helpers/api-iot.ts';

const ask = async (call: (method: string, path: string, options: { token: null }) => Promise<Response>) => {
  const answer = await call('GET', '/readyz', { token: null });
  return [answer.status, await answer.json()];
};

it('is ready with its broker, and degraded while the broker is not connected', () =>
  withApiIot(async ({ call, link, restart }) => {
    expect(await ask(call)).toEqual([200, { status: 'ready', problems: [] }]);
    link.down();
    const degraded = {
      status: 'degraded',
      problems: [
        {
          part: 'broker',
          detail:
            'The MQTT broker is not connected. Commands are accepted and wait for it within their time; the log names the cause.',
        },
      ],
    };
    expect(await ask(call)).toEqual([200, degraded]);
    link.up();
    expect(await ask(call)).toEqual([200, { status: 'ready', problems: [] }]);
    await restart(false);
    expect(await ask(call)).toEqual([200, degraded]);
  }));

it('is not ready without its database, and the answer does not say more than that', () =>
  withApiIot(async ({ call, database, lines }) => {
    database.reader = {
      selectFrom: () => {
        throw new Error('disk I/O error');
      },
    } as never;
    const [status, body] = await ask(call);
    expect([status, (body as { reasons: string[] }).reasons]).toEqual([
      503,
      ['The database does not answer.'],
    ]);
    expect(lines.at(-1)).toMatchObject({
      level: 'warn',
      event: 'http.not_ready',
      fields: { reason: 'Error: disk I/O error' },
    });
  }));
