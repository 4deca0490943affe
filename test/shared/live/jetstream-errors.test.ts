import { JetStreamApiError } from '@nats-io/jetstream';
import {
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { remedyOf, remedyOfPull } from '../../../shared/live/jetstream-errors.ts';

const api = (err_code: number, status: number, description: string) =>
  new JetStreamApiError({ err_code, code: status, description });
const named = (name: string) => Object.assign(new Error(name), { name });

it.each<[string, unknown, ReturnType<typeof remedyOf>]>([
  ['no stream takes the subject', named('JetStreamNotEnabled'), 'create'],
  ['no server answers the request', new NoRespondersError('$JS.API.INFO'), 'create'],
  ['stream not found', api(10059, 404, 'stream not found'), 'create'],
  ['consumer not found', api(10014, 404, 'consumer not found'), 'create'],
  [
    'stored nowhere, for the files are gone',
    api(10077, 503, 'Error creating msg block file [""]: open /d/msgs/2.blk: no such file or directory'),
    'recreate',
  ],
  ['stored nowhere, for the store is closed', api(10077, 503, 'store is closed'), 'recreate'],
  ['stored nowhere, for the disk is full', api(10077, 503, 'write: no space left on device'), 'report'],
  ['stored nowhere, for the queue is full', api(10077, 503, 'maximum messages exceeded'), 'report'],
  ['stored nowhere, for a temporary reason', api(10077, 503, 'raft: leadership lost'), 'retry'],
  ['the limits of the account', api(10002, 400, 'resource limits exceeded for account'), 'report'],
  ['no leader', api(10008, 503, 'JetStream system temporarily unavailable'), 'retry'],
  ['no peers', api(10005, 400, 'no suitable peers for placement'), 'retry'],
  ['storage used up', api(10047, 500, 'insufficient storage resources available'), 'report'],
  ['JetStream off for the account', api(10039, 503, 'JetStream not enabled for account'), 'report'],
  ['JetStream off', api(10076, 503, 'JetStream not enabled'), 'report'],
  ['another process creates the stream', api(10058, 400, 'stream name already in use'), 'retry'],
  ['another process creates the consumer', api(10013, 400, 'consumer name already in use'), 'retry'],
  ['subjects of another stream', api(10065, 400, 'subjects overlap with an existing stream'), 'report'],
  [
    'a limit of bytes is required',
    api(10113, 400, 'account requires a stream config to have max bytes set'),
    'report',
  ],
  ['an unknown error that passes', api(19999, 503, 'new'), 'retry'],
  ['an unknown error about the request', api(19999, 400, 'new'), 'report'],
  ['no answer in time', new TimeoutError(), 'retry'],
  ['a request that failed', new RequestError('broken'), 'retry'],
  ['the connection dropped', new Error('the connection dropped'), 'retry'],
  ['no right to publish', new PermissionViolationError('no', 'publish', 'fleetwake.wake.a'), 'report'],
  ['a wrong password', named('AuthorizationError'), 'report'],
  ['what is no error at all', 'text', 'retry'],
])('%s', (_, error, remedy) => expect(remedyOf(error)).toBe(remedy));

it('sorts the status of a pull request: an end and a heartbeat are no error, a deleted consumer is created', () => {
  expect([100, 404, 408, 409, 503, 400].map(remedyOfPull)).toEqual([
    null,
    null,
    null,
    'create',
    'create',
    'report',
  ]);
});
