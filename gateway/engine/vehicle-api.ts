import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import type { Adapter } from '../adapter/adapter.ts';
import type { AskedCommand, VehicleCommand, VehicleConnection, VehicleStatus } from '../adapter/answers.ts';
import { ownAdapter } from '../adapter/shipped-adapters.ts';
import { type Values, valuesOf } from '../adapter/template.ts';
import { connectionOfUnknownVehicle, statusOfUnknownVehicle } from '../adapter/vehicle-readers.ts';
import { type Answer, type ApiClientDeps, apiClient } from './api-client.ts';
import type { ClockSkews } from './clock-skew.ts';
import type { ConfigureAnswer, ConfigureHeaders, Resend } from './configure-call.ts';
import { lostAnswerGuard } from './lost-answer.ts';

/** The API IoT as the engine knows it: over HTTP only, so that the user's own takes the stand-in's place. */
export interface VehicleApi {
  /** `key` is the Idempotency-Key: the same key is the same command, however often it is sent. */
  configure(
    vin: string,
    request: ConfigureRequest,
    headers: ConfigureHeaders,
    resend?: Resend,
  ): Promise<ConfigureAnswer>;
  /** `asked` is what the command was to do, for an API IoT that does not repeat it. */
  command(vin: string, commandId: string, asked?: AskedCommand): Promise<Answer<VehicleCommand>>;
  status(vin: string): Promise<Answer<VehicleStatus>>;
  health(vin: string): Promise<Answer<VehicleConnection>>;
  /** The newest commands first, at most 50. `asked` completes those that name its activation. */
  history(vin: string, asked?: AskedCommand): Promise<Answer<VehicleCommand[]>>;
}

interface Deps extends Omit<ApiClientDeps, 'adapter'> {
  /** Without it, the one of Fleetwake's own API IoT. */
  readonly adapter?: Adapter;
  /** Receives the clock difference that each vehicle status shows. */
  readonly clockSkews?: ClockSkews;
}

/** Speaks to an API IoT as its adapter describes it. */
export function vehicleApi(deps: Deps): VehicleApi {
  const { clock, adapter = ownAdapter() } = deps;
  const client = apiClient({ ...deps, adapter });
  const { configure, item, history, status, health, file } = adapter;

  /** The API's own names in place of ours. */
  function foreign(values: Values): Values {
    const { feature, target } = values;
    return {
      ...values,
      feature: typeof feature === 'string' ? (file.features[feature] ?? feature) : feature,
      target: target === 'active' || target === 'dormant' ? file.targets[target] : target,
    };
  }

  const contextOf = (vin: string, asked: AskedCommand | null) => ({ vin, asked, now: clock.now() });

  function send(
    vin: string,
    request: ConfigureRequest,
    { key, traceparent }: ConfigureHeaders,
  ): Promise<ConfigureAnswer> {
    const values = foreign({ ...valuesOf(request), vin, key, traceparent });
    const body = configure.body(values);
    const asked = askedOf(vin, request, key);
    return client.call({
      method: configure.method,
      path: configure.path(values),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...configure.headers(values),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      read: (document) => configure.command(document, contextOf(vin, asked)),
    });
  }

  async function list(vin: string, asked: AskedCommand | null): Promise<Answer<VehicleCommand[]>> {
    if (history === null) return { ok: true, value: [] };
    const read = (document: unknown) => history.commands(document, contextOf(vin, asked));
    return client.read({ path: history.path({ vin }), read });
  }

  const guarded = lostAnswerGuard({ adapter, clock, send, list });

  return {
    configure: (vin, request, headers, resend) =>
      adapter.has('idempotency_key') || resend === undefined
        ? send(vin, request, headers)
        : guarded(vin, request, headers, askedOf(vin, request, headers.key), resend),
    async command(vin, commandId, asked) {
      if (item !== null && adapter.has('history_item')) {
        const read = (document: unknown) => item.command(document, contextOf(vin, asked ?? null));
        return client.read({ path: item.path({ vin, commandId }), read });
      }
      const listed = await list(vin, asked ?? null);
      if (!listed.ok) return listed;
      const found = listed.value.find(({ id }) => id === commandId);
      return { ok: true, value: found ?? stillOpen(vin, commandId, asked, clock.now()) };
    },
    async status(vin) {
      if (status === null) return { ok: true, value: statusOfUnknownVehicle(vin) };
      const read = (document: unknown) => status.read(document, vin);
      const answer = await client.read({ path: status.path({ vin }), read });
      if (answer.ok) deps.clockSkews?.heard(vin, answer.value.clockSkewMs);
      return answer;
    },
    async health(vin) {
      if (health === null) return { ok: true, value: connectionOfUnknownVehicle(vin) };
      return client.read({ path: health.path({ vin }), read: (document) => health.read(document, vin) });
    },
    history: (vin, asked) => list(vin, asked ?? null),
  };
}

function askedOf(vin: string, request: ConfigureRequest, key: string): AskedCommand | null {
  const [first] = request.features;
  if (first === undefined) return null;
  return { vin, reference: request.reference, key, feature: first.feature, target: first.target };
}

/** A command of which the API IoT cannot be asked: its end comes by callback, or its time runs out. */
function stillOpen(
  vin: string,
  commandId: string,
  asked: AskedCommand | undefined,
  now: number,
): VehicleCommand {
  return {
    ...{ id: commandId, vin, reference: asked?.reference ?? '', key: asked?.key ?? null, state: 'accepted' },
    features: asked ? [{ feature: asked.feature, target: asked.target, version: null }] : [],
    ...{ acceptedAt: now, expiresAt: now, endedAt: null, results: null, late: false, clock: null },
  };
}
