import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { verifyCallback } from '../../../gateway/http/webhook-signature.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { type Bench, callbackSecret, configureBody, vin, withApiIot } from '../../helpers/api-iot.ts';

const start = 1_800_000_000_000;
const callbackUrl = 'http://127.0.0.1:9999/callbacks';
const body = { ...configureBody, callbackUrl };

async function endOne(bench: Bench): Promise<string> {
  const { id } = await bench.accept({ body });
  const command = bench.commands().find((candidate) => candidate.id === id);
  if (command === undefined) throw new Error('the command was not published');
  await bench.answer(command);
  await bench.clock.advance(0);
  return id;
}

const verify = (bench: Bench, index: number, at = bench.clock.now(), text?: string) => {
  const sent = bench.sent[index];
  if (sent === undefined) throw new Error(`callback ${index} was not sent`);
  const deps = { secret: callbackSecret, secrets: systemSecrets, now: at };
  return verifyCallback(deps, sent.request.headers, text ?? sent.body);
};

const idsSent = (bench: Bench) => bench.sent.map(({ request }) => request.headers.get('webhook-id'));

describe('a callback', () => {
  it('tells the end of a command to the URL of its request, signed as Standard Webhooks says', () =>
    withApiIot(async (bench) => {
      const id = await endOne(bench);
      expect(bench.sent.map(({ request }) => [request.method, request.url])).toEqual([['POST', callbackUrl]]);
      const sent = bench.sent[0];
      expect(JSON.parse(sent?.body ?? '')).toEqual({
        type: 'command.ended',
        command: await bench.history(id),
      });
      expect(sent?.request.headers.get('webhook-id')).toBe(`${id}.applied`);
      expect(sent?.request.headers.get('webhook-timestamp')).toBe(String(start / 1000));
      expect(sent?.request.headers.get('webhook-signature')).toBe(
        new Webhook(callbackSecret).sign(`${id}.applied`, new Date(start), sent?.body ?? ''),
      );
      expect(verify(bench, 0)).toEqual({ ok: true, id: `${id}.applied` });
      await bench.clock.advance(3_600_000);
      expect(bench.sent).toHaveLength(1);
      expect(bench.api.counters().callbacks).toEqual({ delivered: 1, failedTries: 0, givenUp: 0 });
    }));

  it('is not believed when changed, signed with another secret, too old or from the future', () =>
    withApiIot(async (bench) => {
      await endOne(bench);
      expect(verify(bench, 0, start, `${bench.sent[0]?.body} `)).toEqual({ ok: false, reason: 'signature' });
      expect(verify(bench, 0, start + 300_000).ok).toBe(true);
      expect(verify(bench, 0, start + 300_001)).toEqual({ ok: false, reason: 'too_old' });
      expect(verify(bench, 0, start - 300_001)).toEqual({ ok: false, reason: 'too_new' });
      const headers = new Headers(bench.sent[0]?.request.headers);
      const deps = { secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', secrets: systemSecrets, now: start };
      expect(verifyCallback(deps, headers, bench.sent[0]?.body ?? '')).toEqual({
        ok: false,
        reason: 'signature',
      });
      headers.delete('webhook-signature');
      expect(verifyCallback(deps, headers, '')).toEqual({ ok: false, reason: 'missing_header' });
    }));

  it('is sent for the time-out, and once more for a late answer', () =>
    withApiIot(async (bench) => {
      const { id } = await bench.accept({ body });
      await bench.clock.advance(300_000);
      const command = bench.commands()[0];
      if (command === undefined) throw new Error('the command was not published');
      await bench.answer(command);
      await bench.clock.advance(0);
      expect(idsSent(bench)).toEqual([`${id}.timed_out`, `${id}.applied`]);
      const states = bench.sent.map((sent) => {
        const { command: told } = JSON.parse(sent.body) as { command: { state: string; late: boolean } };
        return [told.state, told.late];
      });
      expect(states).toEqual([
        ['timed_out', false],
        ['applied', true],
      ]);
    }));

  it('that is not taken is tried again after 1, 2, 4 s with the same id, each try signed anew', () =>
    withApiIot(async (bench) => {
      bench.answerCallback = () => new Response(null, { status: 503 });
      const id = await endOne(bench);
      const times: number[] = [];
      for (let second = 0; second <= 7; second += 1) {
        times.push(bench.sent.length);
        await bench.clock.advance(1_000);
      }
      expect(times).toEqual([1, 2, 2, 3, 3, 3, 3, 4]);
      expect(idsSent(bench)).toEqual(Array(4).fill(`${id}.applied`));
      expect(
        bench.sent.map(({ request }) => Number(request.headers.get('webhook-timestamp')) - start / 1000),
      ).toEqual([0, 1, 3, 7]);
      expect(verify(bench, 3, start + 7_000).ok).toBe(true);
      bench.answerCallback = () => new Response(null, { status: 200 });
      await bench.clock.advance(60_000);
      expect(bench.sent).toHaveLength(5);
      expect(bench.api.counters().callbacks).toEqual({ delivered: 1, failedTries: 4, givenUp: 0 });
    }));

  it('is given up after 12 tries, or at once when the receiver is gone for good', () =>
    withApiIot(async (bench) => {
      bench.answerCallback = () => Promise.reject(new Error('refused'));
      await endOne(bench);
      await bench.clock.advance(86_400_000);
      expect(bench.sent).toHaveLength(12);
      bench.answerCallback = () => new Response(null, { status: 410 });
      await endOne(bench);
      await bench.clock.advance(86_400_000);
      expect(bench.sent).toHaveLength(13);
      expect(bench.api.counters().callbacks).toEqual({ delivered: 0, failedTries: 11, givenUp: 2 });
      expect(bench.lines.filter(({ event }) => event === 'api_iot.callback_parked')).toHaveLength(2);
    }));

  it('without an answer is cut after 10 s and tried again', () =>
    withApiIot(async (bench) => {
      bench.answerCallback = () => new Promise(() => undefined);
      await endOne(bench);
      await bench.clock.advance(9_999);
      expect(bench.sent[0]?.request.signal.aborted).toBe(false);
      await bench.clock.advance(1);
      expect(bench.sent[0]?.request.signal.aborted).toBe(true);
      await bench.clock.advance(1_000);
      expect(bench.sent).toHaveLength(2);
    }));

  it('that a stopped service had not sent is sent after the next start', () =>
    withApiIot(async (bench) => {
      bench.answerCallback = () => new Promise(() => undefined);
      const id = await endOne(bench);
      await bench.restart();
      expect(idsSent(bench)).toEqual([`${id}.applied`, `${id}.applied`]);
    }));

  it('is one of at most 64 under way; the others follow as there is room', () =>
    withApiIot(
      async (bench) => {
        const open: (() => void)[] = [];
        bench.answerCallback = () =>
          new Promise((resolve) => open.push(() => resolve(new Response(null, { status: 204 }))));
        for (let count = 0; count < 100; count += 1) await endOne(bench);
        expect(open).toHaveLength(64);
        for (const answer of open.splice(0, 10)) answer();
        await bench.clock.advance(0);
        expect(bench.sent).toHaveLength(74);
        while (open.length > 0) {
          for (const answer of open.splice(0)) answer();
          await bench.clock.advance(0);
        }
        expect(new Set(idsSent(bench)).size).toBe(100);
        expect(bench.api.counters().callbacks.delivered).toBe(bench.sent.length);
      },
      { quotaPerHour: 1_000 },
    ));

  it('is refused with 422 when its URL carries a user or a password', () =>
    withApiIot(async (bench) => {
      for (const url of ['http://u:pw@127.0.0.1:9/', 'https://u@example.com/', 'http://:pw@example.com/']) {
        const answer = await bench.configure({ body: { ...configureBody, callbackUrl: url } });
        const problem = (await answer.json()) as { errors: { pointer: string }[] };
        expect([answer.status, problem.errors.map(({ pointer }) => pointer)]).toEqual([
          422,
          ['/callbackUrl'],
        ]);
      }
    }));

  it('that cannot be sent is parked at once, also after a restart, and no other waits for it', () =>
    withApiIot(async (bench) => {
      const poisoned = Array.from({ length: 130 }, (_, index) => ({
        id: `cmd_${String(index).padStart(3, '0')}.applied`,
        url: 'http://u:pw@127.0.0.1:9/',
        ...{ body: '{}', traceparent: null, failures: 0, due_at: start },
      }));
      await bench.database.write((transaction) =>
        transaction.insertInto('callbacks').values(poisoned).execute(),
      );
      await bench.restart();
      const id = await endOne(bench);
      expect(idsSent(bench)).toEqual([`${id}.applied`]);
      expect(bench.api.counters().callbacks).toEqual({ delivered: 1, failedTries: 0, givenUp: 130 });
      const rows = await bench.database.reader.selectFrom('callbacks').selectAll().execute();
      expect(new Set(rows.map(({ parked_at, failures }) => [parked_at, failures].join()))).toEqual(
        new Set([`${start},1`]),
      );
      expect(rows[0]?.last_error).toContain('cannot be sent');
      expect(JSON.stringify([rows.map(({ last_error }) => last_error), bench.lines])).not.toContain('pw@');
      await bench.restart();
      await bench.clock.advance(3_600_000);
      const parked = bench.lines.filter(({ event }) => event === 'api_iot.callback_parked');
      expect([bench.sent.length, parked.length]).toEqual([1, 130]);
    }));

  it('whose outcome the database does not take is not sent again meanwhile', () =>
    withApiIot(async (bench) => {
      const { write } = bench.database;
      let failures = 0;
      bench.answerCallback = () => {
        bench.database.write = async () => {
          failures += 1;
          throw new Error('the database is away');
        };
        return new Response(null, { status: 204 });
      };
      await endOne(bench);
      await bench.clock.advance(7_000);
      expect([bench.sent.length, failures]).toEqual([1, 4]);
      bench.database.write = write;
      await bench.clock.advance(60_000);
      expect(bench.sent).toHaveLength(1);
      expect(bench.api.counters().callbacks).toEqual({ delivered: 1, failedTries: 0, givenUp: 0 });
    }));

  it('is not sent for a request without a URL', () =>
    withApiIot(async (bench) => {
      await bench.accept();
      const command = bench.commands()[0];
      if (command === undefined) throw new Error('the command was not published');
      await bench.answer(command);
      await bench.clock.advance(60_000);
      expect([command.vin, bench.sent]).toEqual([vin, []]);
    }));
});

describe('a callback that was given up', () => {
  /** One that its receiver does not want any more. */
  const withParked = (run: (bench: Bench, id: string) => Promise<void>) =>
    withApiIot(async (bench) => {
      bench.answerCallback = () => new Response(null, { status: 410 });
      const id = `${await endOne(bench)}.applied`;
      await bench.clock.advance(1);
      await run(bench, id);
    });
  const operate = async (bench: Bench, method: string, path: string) => {
    const token = await bench.tokenWith({ sub: 'developer', scope: 'callbacks:operate' });
    const answer = await bench.call(method, path, { token });
    return { status: answer.status, body: await answer.json() };
  };
  const parked = (id: string) => ({
    id,
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9999/),
    tries: 1,
    reason: expect.stringContaining('410'),
    parkedAt: start,
  });
  const listed = (bench: Bench) => operate(bench, 'GET', '/callbacks?status=parked');

  it('is listed with its reason, and sent again from its first try on when an operator replays it', () =>
    withParked(async (bench, id) => {
      expect(await listed(bench)).toEqual({ status: 200, body: { callbacks: [parked(id)], next: null } });
      bench.answerCallback = () => new Response(null, { status: 204 });
      expect(await operate(bench, 'POST', `/callbacks/${id}/replay`)).toEqual({
        status: 200,
        body: parked(id),
      });
      await bench.clock.advance(0);
      expect(idsSent(bench)).toEqual([id, id]);
      expect((await listed(bench)).body).toEqual({ callbacks: [], next: null });
      expect((await operate(bench, 'POST', `/callbacks/${id}/replay`)).status).toBe(404);
    }));

  it('is forgotten when an operator drops it', () =>
    withParked(async (bench, id) => {
      expect((await operate(bench, 'POST', `/callbacks/${id}/drop`)).status).toBe(200);
      expect((await listed(bench)).body).toEqual({ callbacks: [], next: null });
      await bench.clock.advance(3_600_000);
      expect(idsSent(bench)).toEqual([id]);
    }));
});
