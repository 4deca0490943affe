import { describe, expect, it } from 'vitest';
import { LinkClosed } from '../../../shared/ports/device-link.ts';
import { configureBody, otherVin, vin, withApiIot } from '../../helpers/api-iot.ts';

/** A body of exactly so many bytes, most of them in parameters. */
function bodyOf(bytes: number) {
  const parameters: Record<string, string> = {};
  const body = { ...configureBody, features: [{ feature: 'heated_seats', target: 'active', parameters }] };
  for (let index = 0; ; index += 1) {
    const room = bytes - JSON.stringify(body).length;
    const name = `p${index}`;
    // A comma, two quoted texts and a colon.
    const overhead = (index === 0 ? 0 : 1) + name.length + 2 + 1 + 2;
    if (room <= overhead) return body;
    parameters[name] = 'x'.repeat(Math.min(256, room - overhead));
  }
}

describe('a command that cannot become a packet', () => {
  it('is refused with 422 before it is accepted: a body of 65,536 bytes', () =>
    withApiIot(async (bench) => {
      const body = bodyOf(65_536);
      expect(JSON.stringify(body).length).toBeGreaterThan(65_500);
      const answer = await bench.configure({ body });
      expect(answer.status).toBe(422);
      expect(await answer.json()).toMatchObject({
        type: 'urn:fleetwake:problem:invalid-configuration',
        errors: [{ in: 'body', pointer: '/features' }],
      });
      expect(bench.link.published).toEqual([]);
      const health = await bench.call('GET', `/vehicle/${vin}/health`);
      expect(await health.json()).toMatchObject({ pendingCommands: 0, quotaRemaining: 10 });
    }));

  it('is the largest that fits: it is accepted and sent', () =>
    withApiIot(async (bench) => {
      await bench.accept({ body: bodyOf(64_900) });
      const [message] = bench.link.published;
      expect(Buffer.byteLength(message?.payload ?? '')).toBeGreaterThan(64_500);
    }));
});

describe('a broker that cuts the link at one message', () => {
  it('costs the others at most three cuts: the command is parked, and they are sent', () =>
    withApiIot(async (bench) => {
      const { link } = bench;
      let cuts = 0;
      let poison: string | null = null;
      const taken = new Set<string>();
      link.onPublish = async ({ payload }) => {
        const { id } = JSON.parse(payload) as { id: string };
        if (id !== poison) {
          taken.add(id);
          return;
        }
        cuts += 1;
        link.down();
        throw new LinkClosed('the broker closed the connection');
      };
      link.down();
      poison = (await bench.accept()).id;
      const others = [(await bench.accept()).id, (await bench.accept({ vin: otherVin })).id];
      for (let connect = 0; connect < 6; connect += 1) {
        link.up();
        await bench.clock.advance(1_000);
      }
      expect(cuts).toBe(2);
      expect(taken).toEqual(new Set(others));
      expect(bench.api.counters().parkedCommands).toBe(1);
      expect(bench.lines.filter(({ event }) => event === 'api_iot.command_parked')).toEqual([
        {
          level: 'error',
          event: 'api_iot.command_parked',
          fields: { commandId: poison, vin, reason: 'the broker cuts the link' },
        },
      ]);
      // It ends as any command that is not answered, and is forgotten.
      await bench.clock.advance(300_000);
      expect((await bench.history(poison)).state).toBe('timed_out');
      link.down();
      link.up();
      await bench.clock.advance(10);
      expect(bench.api.counters().parkedCommands).toBe(0);
    }));

  it('is not assumed of a link that drops once: the command goes out on the next connection', () =>
    withApiIot(async (bench) => {
      const { link } = bench;
      let isFirst = true;
      link.onPublish = async () => {
        if (!isFirst) return;
        isFirst = false;
        link.down();
        throw new LinkClosed('the network dropped');
      };
      await bench.accept();
      link.up();
      await bench.clock.advance(10);
      expect(link.published).toHaveLength(2);
      expect(bench.api.counters().parkedCommands).toBe(0);
    }));
});
