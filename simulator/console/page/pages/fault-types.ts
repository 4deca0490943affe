/** What a field of the form asks for. */
export type AttributeKind = 'number' | 'text' | 'boolean' | readonly string[];

export interface FaultAttribute {
  readonly name: string;
  readonly kind: AttributeKind;
  /** What the form begins with. */
  readonly value: string;
}

export interface FaultType {
  readonly type: string;
  /** `component`: NATS, broker and gateway, which only a scenario can let fail. */
  readonly layer: 'link' | 'message' | 'vehicle' | 'services' | 'component';
  readonly text: string;
  readonly attributes: readonly FaultAttribute[];
}

export const faultLayers = ['link', 'message', 'vehicle', 'services', 'component'] as const;

type Row = readonly [type: string, text: string, ...attributes: readonly FaultAttribute[]];

const number = (name: string, value: number): FaultAttribute => ({
  name,
  kind: 'number',
  value: String(value),
});
const text = (name: string, value: string): FaultAttribute => ({ name, kind: 'text', value });
const flag = (name: string): FaultAttribute => ({ name, kind: 'boolean', value: '' });
const moment: FaultAttribute = {
  name: 'at',
  kind: ['applying', 'receiving', 'answering'],
  value: 'applying',
};
const unit = text('feature', '');

const link: readonly Row[] = [
  ['offline', 'off the network'],
  ['flapping', 'online and offline by turns', number('upMs', 5_000), number('downMs', 5_000)],
  ['latency', 'messages take longer', number('latencyMs', 2_000), number('jitterMs', 500)],
  ['bandwidth', 'messages take as long as their bytes need', number('bytesPerSecond', 200)],
  [
    'packet_loss',
    'TCP segments are lost and sent again: messages stall',
    number('lossRate', 0.1),
    number('roundTripMs', 100),
  ],
  ['timeout', 'nothing passes, and neither side gets an error', number('timeoutMs', 0)],
  ['reset_peer', 'connections are reset', number('timeoutMs', 1_000)],
  ['slow_close', 'the broker learns late of a lost connection', number('delayMs', 10_000)],
  ['limit_data', 'a connection ends after some bytes', number('bytes', 2_000)],
];
const message: readonly Row[] = [
  ['lose_command', 'the vehicle never receives the command'],
  ['lose_ack', 'the answer of the vehicle is lost', flag('withStatus')],
  ['delay_ack', 'the answer of the vehicle is late', number('delayMs', 30_000), flag('withStatus')],
  ['duplicate', 'messages arrive twice', number('delayMs', 1_000)],
  ['reorder', 'later messages overtake', number('delayMs', 1_000)],
  ['corrupt_payload', 'the JSON is cut in half'],
  ['stale_version', 'versions in messages are one lower'],
  ['wrong_vin', 'messages name another vehicle'],
  ['expired', 'commands expired a day ago'],
];
const vehicle: readonly Row[] = [
  ['reject', 'the vehicle refuses for good', text('reason', 'rejected'), unit],
  ['unsupported_hardware', 'the hardware lacks the feature', unit],
  ['ecu_busy', 'the control unit is busy', unit],
  ['low_12v', 'the 12 V battery is low', unit],
  ['storage_full', 'the storage is full', unit],
  ['partial_apply', 'only the first feature is applied'],
  ['hang_at', 'a command stops for ever', moment],
  ['crash_at', 'the vehicle loses power at a command', moment],
  ['restart', 'the vehicle restarts'],
  ['apply_but_no_ack', 'the vehicle applies and says nothing'],
  ['wedged', 'connected and silent'],
  ['asleep', 'disconnects cleanly'],
  ['clock_skew', 'the clock of the vehicle is wrong', number('skewMs', 3_600_000)],
  ['feature_lost', 'the feature becomes dormant by itself', text('feature', 'heated_seats')],
  ['feature_gained', 'the feature becomes active by itself', text('feature', 'heated_seats')],
];
const services: readonly Row[] = [
  ['server_error', 'answers with an error of the server', number('status', 503)],
  ['response_lost', 'acts, and the answer is lost'],
  ['rate_limited', 'answers 429', number('retryAfterSeconds', 5)],
  ['unauthorized', 'refuses the credentials'],
  ['unreachable', 'refuses connections', flag('breaks')],
  ['slow', 'takes longer', number('latencyMs', 3_000), number('jitterMs', 500)],
  ['smtp_down', 'the mail server takes nothing', flag('hangs')],
  ['push_down', 'the push service takes nothing', flag('hangs')],
  ['smtp_slow', 'e-mails are taken late', number('latencyMs', 5_000)],
  ['push_slow', 'push messages are taken late', number('latencyMs', 5_000)],
];

const process: FaultAttribute = { name: 'process', kind: ['platform', 'api-iot'], value: 'platform' };
const awayMs = number('forMs', 3_000);
const component: readonly Row[] = [
  ['nats_down', 'NATS is down', number('forMs', 60_000)],
  ['nats_wiped', 'NATS loses every message and consumer'],
  ['broker_restart', 'the broker restarts', awayMs, flag('keepsSessions')],
  ['gateway_crash', 'a process loses power and starts again', process, awayMs],
  ['gateway_stop', 'a process stops as on a signal and starts again', process, awayMs],
  [
    'crash_at_call',
    'the platform loses power at a call',
    {
      name: 'call',
      kind: ['authorise', 'configure', 'capture', 'reversal', 'email', 'push', 'wake_up'],
      value: 'capture',
    },
    number('nth', 1),
    { name: 'phase', kind: ['before', 'after'], value: 'after' },
    awayMs,
  ],
  ['crash_at_step', 'a process loses power at a step, in virtual time', process, number('step', 100), awayMs],
];

/** Every type of fault that the form offers, with what it begins with. A test compares it with the schemas of faults. */
export const faultTypes: readonly FaultType[] = Object.entries({
  link,
  message,
  vehicle,
  services,
  component,
}).flatMap(([layer, rows]) =>
  rows.map(([type, meaning, ...attributes]) => ({
    ...{ type, layer: layer as FaultType['layer'], text: meaning, attributes },
  })),
);

/** Types whose service follows from the type. */
export const channelTypes = ['smtp_down', 'push_down', 'smtp_slow', 'push_slow'];

/** Types that act on messages of either direction. */
export const directedTypes = [
  ...['latency', 'bandwidth', 'timeout', 'packet_loss', 'limit_data'],
  ...['duplicate', 'reorder', 'corrupt_payload', 'stale_version', 'wrong_vin'],
];

/** Components that fail at a step of their own and not at a moment. */
export const crashPointTypes = ['crash_at_call', 'crash_at_step'];
