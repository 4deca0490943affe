import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../gateway/activation/failure.ts';
import { failureOfCommand, failureOfResponse, failureOfTransport } from '../../../gateway/engine/refusal.ts';
import { TransportError } from '../../../shared/ports/http.ts';
import type { CommandResource } from '../../../shared/protocol/api-iot.ts';
import { type ProblemName, problemOf } from '../../../shared/protocol/problem.ts';

/** Category, whether another attempt is worth it, whether the vehicle may have got the command. */
const told = ({ category, temporary, mayHaveSucceeded }: Failure) =>
  `${category}${temporary ? ', temporary' : ''}${mayHaveSucceeded ? ', may have succeeded' : ''}`;

describe('An answer of the API IoT that is no success', () => {
  const between = 'transient_network, temporary, may have succeeded';
  it.each<[status: number, meaning: string]>([
    [301, between],
    [308, between],
    [400, between],
    [401, between],
    [402, between],
    [403, between],
    [404, between],
    [405, between],
    [408, 'timeout, temporary, may have succeeded'],
    [409, between],
    [410, between],
    [413, between],
    [499, between],
    [500, 'api_iot_error, temporary, may have succeeded'],
    [503, 'api_iot_error, temporary, may have succeeded'],
    [504, 'timeout, temporary, may have succeeded'],
  ])('without a documented name is temporary with any status: %i: %s', (status, meaning) => {
    const failure = failureOfResponse({ status, body: null, contentType: 'text/html; charset=utf-8' });
    expect([told(failure), failure.code]).toEqual([meaning, `http_${status}`]);
  });

  it('says that something between answered, and not what that says of itself', () => {
    expect(
      failureOfResponse({ status: 404, body: { detail: 'no such page' }, contentType: 'text/html' }).message,
    ).toBe(
      'something between the gateway and the API IoT answered 404 (text/html): no documented problem type or code',
    );
    expect(failureOfResponse({ status: 403, body: null }).message).toBe(
      'something between the gateway and the API IoT answered 403 (no content type): no documented problem type or code',
    );
  });

  it.each<[code: string, meaning: string]>([
    ['invalid-configuration', 'invalid_configuration'],
    ['vehicle-incompatible', 'vehicle_incompatible'],
    ['unknown-vehicle', 'unknown_vehicle'],
    ['unauthorized', 'authorization_failure'],
    ['not_found', between],
    ['toString', between],
  ])('means by its documented code %s, without any type: %s', (code, meaning) => {
    expect(told(failureOfResponse({ status: 404, body: { code, message: 'no' } }))).toBe(meaning);
  });

  it.each<[challenge: string, code: string]>([
    ['Bearer realm="iot", error="invalid_token"', 'unauthorized'],
    ['Bearer error=insufficient_scope, scope="vehicle:configure"', 'missing-scope'],
    ['Basic realm="proxy", error="invalid_token"', 'http_401'],
    ['Bearer', 'http_401'],
  ])('means by the bearer challenge of RFC 6750: %s', (challenge, code) => {
    const failure = failureOfResponse({ status: 401, body: null, challenge });
    expect(failure.code).toBe(code);
    expect(failure.category).toBe(code === 'http_401' ? 'transient_network' : 'authorization_failure');
  });

  it.each<[name: ProblemName, meaning: string]>([
    ['malformed-request', 'invalid_configuration'],
    ['invalid-request', 'invalid_configuration'],
    ['invalid-configuration', 'invalid_configuration'],
    ['body-too-large', 'invalid_configuration'],
    ['unsupported-media-type', 'invalid_configuration'],
    ['vehicle-incompatible', 'vehicle_incompatible'],
    ['unknown-vehicle', 'unknown_vehicle'],
    ['unauthorized', 'authorization_failure'],
    ['missing-scope', 'authorization_failure'],
    ['key-in-flight', 'api_iot_error, temporary, may have succeeded'],
    ['key-mismatch', 'api_iot_error, temporary, may have succeeded'],
  ])('is read by its problem type %s, with any status: %s', (name, meaning) => {
    const failure = failureOfResponse({ status: 418, body: problemOf(name, 'because') });
    expect(told(failure)).toBe(meaning);
    expect([failure.code, failure.message]).toEqual([name, 'because']);
  });

  it('keeps the name of a problem that has no meaning of its own, and goes by the status', () => {
    expect(failureOfResponse({ status: 503, body: problemOf('unavailable', 'no database') })).toEqual({
      category: 'api_iot_error',
      code: 'unavailable',
      message: 'no database',
      temporary: true,
      mayHaveSucceeded: true,
    });
  });

  it.each([
    ['no body', null],
    ['a text', 'Bad Gateway'],
    ['a detail that is no text', { detail: 7 }],
    ['a foreign problem type', { type: 'https://example.org/problems/broken' }],
  ])('says the status where it says nothing itself: %s', (_, body) => {
    expect(failureOfResponse({ status: 502, body })).toEqual({
      category: 'api_iot_error',
      code: 'http_502',
      message: 'the API IoT answered 502',
      temporary: true,
      mayHaveSucceeded: true,
    });
  });

  it('takes 500 characters of its text', () => {
    expect(failureOfResponse({ status: 500, body: { detail: 'x'.repeat(501) } }).message).toBe(
      'x'.repeat(500),
    );
  });
});

describe('No answer of the API IoT', () => {
  it.each([
    ['timeout', true, 'timeout'],
    ['reset', true, 'transient_network'],
    ['refused', false, 'transient_network'],
  ] as const)('is worth another attempt: %s', (kind, mayHaveSucceeded, category) => {
    expect(failureOfTransport(new TransportError(kind, 'nobody there', mayHaveSucceeded))).toEqual({
      category,
      code: `transport_${kind}`,
      message: 'nobody there',
      temporary: true,
      mayHaveSucceeded,
    });
  });

  it('takes 500 characters of the reason', () => {
    const error = new TransportError('reset', 'y'.repeat(501), true);
    expect(failureOfTransport(error).message).toBe('y'.repeat(500));
  });
});

describe('A command that ended', () => {
  const command: CommandResource = {
    id: 'cmd_1',
    vin: '11111111111111111',
    reference: 'act_1',
    key: 'act_1:1',
    state: 'accepted',
    features: [],
    acceptedAt: 0,
    expiresAt: 300_000,
    endedAt: null,
    results: null,
    late: false,
    clock: null,
  };

  it.each(['accepted', 'applied'] as const)('is no failure: %s', (state) =>
    expect(failureOfCommand({ ...command, state }, null)).toBeNull(),
  );

  it.each([
    ['rejected', 'vehicle_incompatible', false],
    ['failed', 'vehicle_not_ready', true],
    ['expired', 'timeout', true],
  ] as const)('is a failure that certainly did nothing: %s', (state, category, temporary) =>
    expect(failureOfCommand({ ...command, state }, null)).toEqual({
      category,
      code: state,
      message: `the command ended ${state}`,
      temporary,
      mayHaveSucceeded: false,
    }),
  );

  it.each([
    [false, 'vehicle_offline', 'the vehicle was offline until the command timed out'],
    [true, 'timeout', 'the vehicle did not answer in time'],
    [null, 'timeout', 'the vehicle did not answer in time'],
  ] as const)('may still be applied when it timed out; vehicle online: %s', (online, category, message) =>
    expect(failureOfCommand({ ...command, state: 'timed_out' }, online)).toEqual({
      category,
      code: 'timed_out',
      message,
      temporary: true,
      mayHaveSucceeded: true,
    }),
  );

  it('says of each feature what the vehicle gave as its reason, or its outcome without one', () => {
    const results = [
      { feature: 'heated_seats', outcome: 'failed', version: 0, reason: 'the engine runs' },
      { feature: 'sport_mode', outcome: 'rejected', version: 0 },
    ] satisfies CommandResource['results'];
    expect(failureOfCommand({ ...command, state: 'failed', results }, null)?.message).toBe(
      'heated_seats: the engine runs; sport_mode: rejected',
    );
  });

  it('takes 500 characters of what the vehicle says', () => {
    const result = { outcome: 'failed', version: 0, reason: 'z'.repeat(256) } as const;
    const results = [
      { ...result, feature: 'a' },
      { ...result, feature: 'b' },
    ];
    expect(failureOfCommand({ ...command, state: 'failed', results }, null)?.message).toBe(
      `a: ${'z'.repeat(256)}; b: ${'z'.repeat(236)}`,
    );
  });
});
