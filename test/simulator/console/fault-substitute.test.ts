import { expect, test } from 'vitest';
import { emptyDraft, recordOfDraft } from '../../../simulator/console/page/pages/fault-draft.ts';
import { substituteOf } from '../../../simulator/console/page/pages/fault-substitute.ts';
import { readFault } from '../../../simulator/control/read-fault.ts';

const inApiIot = { process: 'api-iot', forMs: '5000' };

test.each([
  ['broker_restart', {}, { type: 'offline', schedule: { afterMs: 2_000, forMs: 3_000 } }],
  [
    'gateway_crash',
    inApiIot,
    { type: 'unreachable', target: { service: 'api_iot' }, schedule: { afterMs: 2_000, forMs: 5_000 } },
  ],
  [
    'gateway_stop',
    {},
    { type: 'unreachable', target: { service: 'platform' }, schedule: { afterMs: 2_000, forMs: 3_000 } },
  ],
])('%s is closest to a fault that a running system takes, with its times', (type, attributes, expected) => {
  const substitute = substituteOf({ ...emptyDraft, type, attributes, afterSeconds: '2' });
  const record = substitute && recordOfDraft(substitute.draft);
  expect(record).toMatchObject(expected);
  expect(readFault(record).ok).toBe(true);
});

test.each(['nats_down', 'nats_wiped', 'crash_at_call', 'crash_at_step'])('%s has nothing like it', (type) => {
  expect(substituteOf({ ...emptyDraft, type })).toBeNull();
});
