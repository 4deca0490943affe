import { expect, it } from 'vitest';
import { openTicket } from '../../../gateway/support/ticket-desk.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { activationTrace } from '../../../shared/protocol/activation-trace.ts';
import { bootEngine, placeOrder, withOutside } from '../../helpers/engine-under-test.ts';
import { support } from '../platform/engine.ts';
import { countedIds } from './rows.ts';

it('logs the end of an attempt and of an activation, and a failure at warn with its ticket, all with the trace id', () =>
  withOutside(async (outside) => {
    outside.vehicle.script = ['rejected'];
    const warnings: unknown[] = [];
    const ends: unknown[] = [];
    const ids = countedIds();
    const engine = await bootEngine(outside, undefined, {
      ids,
      log: {
        ...silentLog,
        warn: (event, fields) => warnings.push([event, fields]),
        info: (event, fields) => ends.push([event, fields]),
      },
      openTicket: (transaction, { activation }, diagnostics, at) =>
        openTicket(transaction, { ids, settings: support }, activation, diagnostics, at),
    });
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(2 * 60_000);
    await engine.stop();
    const [ticket] = await outside.database.reader.selectFrom('tickets').selectAll().execute();
    expect(ticket?.priority).toBe('HIGH');
    expect(warnings).toEqual([
      [
        'activation.failed',
        {
          activationId: 'act_1',
          purchaseId: 'pur_1',
          vin: '11111111111111111',
          serviceId: 'heated_seats',
          category: expect.any(String),
          message: expect.any(String),
          ticketId: ticket?.id,
          priority: 'HIGH',
          traceId: activationTrace(systemSecrets.digest('act_1')).traceId,
        },
      ],
    ]);
    const { traceId } = activationTrace(systemSecrets.digest('act_1'));
    expect(ends).toEqual([
      [
        'activation.attempt_ended',
        {
          activationId: 'act_1',
          attempt: 1,
          outcome: 'failed',
          category: expect.any(String),
          commandId: 'cmd_1',
          durationMs: expect.any(Number),
          traceId,
        },
      ],
      [
        'activation.ended',
        {
          activationId: 'act_1',
          purchaseId: 'pur_1',
          kind: 'activation',
          outcome: 'failed',
          category: expect.any(String),
          attempts: 1,
          durationMs: expect.any(Number),
          traceId,
        },
      ],
    ]);
  }));
