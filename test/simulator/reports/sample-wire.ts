import type { CommandResource } from '../../../shared/protocol/api-iot.ts';
import type { BrokerMessage } from '../../../simulator/reports/evidence.ts';
import { attemptStartsMs } from './sample-course.ts';
import { startedAt, vinA, vinB, vinC } from './sample-names.ts';

function command(
  id: string,
  key: string,
  vin: string,
  feature: string,
  version: number,
  acceptedMs: number,
  state: CommandResource['state'],
): CommandResource {
  return {
    id,
    vin,
    reference: key.split(':')[0] ?? '',
    key,
    state,
    features: [{ feature, target: 'active', version }],
    acceptedAt: startedAt + acceptedMs,
    expiresAt: startedAt + acceptedMs + 3_000,
    endedAt: startedAt + acceptedMs + (state === 'applied' ? 200 : 3_000),
    results: state === 'applied' ? [{ feature, outcome: 'applied', version }] : null,
    late: false,
    clock: null,
  };
}

export function sampleCommands(): CommandResource[] {
  return [
    command('cmd_a2', 'act_a:2', vinA, 'heated_seats', 1, 350, 'applied'),
    command('cmd_c1', 'act_c:1', vinA, 'adaptive_cruise', 1, 610, 'applied'),
    ...attemptStartsMs.map((startMs, index) =>
      command(
        `cmd_b${index + 1}`,
        `act_b:${index + 1}`,
        vinB,
        'heated_seats',
        index + 1,
        startMs + 10,
        'timed_out',
      ),
    ),
  ];
}

export function sentCommand(
  atMs: number,
  id: string,
  vin: string,
  feature: string,
  version: number,
  target: 'active' | 'dormant' = 'active',
): BrokerMessage {
  const at = startedAt + atMs;
  const display = { receiving: 'Receiving configuration', applied: 'Feature enabled' };
  const payload = {
    id,
    vin,
    features: [{ feature, target, version }],
    sentAt: at,
    expiresAt: at + 3_000,
    ...(target === 'active' ? { display } : {}),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  return { at, topic: `vehicles/${vin}/cmd/configure`, payload: JSON.stringify(payload) };
}

export function saidResult(
  atMs: number,
  commandId: string,
  vin: string,
  feature: string,
  outcome: string,
  version: number,
): BrokerMessage {
  const at = startedAt + atMs;
  const payload = { commandId, vin, results: [{ feature, outcome, version }], clock: at };
  return { at, topic: `vehicles/${vin}/evt/result`, payload: JSON.stringify(payload) };
}

export function saidStatus(
  atMs: number,
  vin: string,
  features: readonly { feature: string; state: 'active' | 'dormant'; version: number }[],
): BrokerMessage {
  const at = startedAt + atMs;
  const payload = { vin, online: true, clock: at, model: 'aurora-2026', firmware: '4.2.0', features };
  return { at, topic: `vehicles/${vin}/evt/status`, payload: JSON.stringify(payload) };
}

export function sampleBroker(): BrokerMessage[] {
  return [
    saidStatus(0, vinA, [{ feature: 'heated_seats', state: 'dormant', version: 0 }]),
    saidStatus(0, vinB, [{ feature: 'heated_seats', state: 'dormant', version: 0 }]),
    saidStatus(0, vinC, [{ feature: 'heated_seats', state: 'dormant', version: 0 }]),
    sentCommand(360, 'cmd_a2', vinA, 'heated_seats', 1),
    saidResult(550, 'cmd_a2', vinA, 'heated_seats', 'applied', 1),
    saidStatus(551, vinA, [{ feature: 'heated_seats', state: 'active', version: 1 }]),
    sentCommand(620, 'cmd_c1', vinA, 'adaptive_cruise', 1),
    saidResult(790, 'cmd_c1', vinA, 'adaptive_cruise', 'applied', 1),
    ...attemptStartsMs.map((startMs, index) =>
      sentCommand(startMs + 20, `cmd_b${index + 1}`, vinB, 'heated_seats', index + 1),
    ),
  ];
}
