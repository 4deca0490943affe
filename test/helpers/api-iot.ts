import { type ApiIot, apiIot } from '../../gateway/api-iot/app.ts';
import { type ApiIotConfig, apiIotDefaults } from '../../gateway/api-iot/config.ts';
import { migrateApiIot } from '../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import { systemIds } from '../../shared/live/ids.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { LinkMessage } from '../../shared/ports/device-link.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { AccessTokenClaims, Tokens } from '../../shared/ports/tokens.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import type { ConfigureCommand, FeatureOutcome } from '../../shared/protocol/device-messages.ts';
import { topics } from '../../shared/protocol/topics.ts';
import { type FleetLink, fleetLink } from './fleet-link.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { signedTokens } from './signed-tokens.ts';

export const origin = 'http://127.0.0.1:8081';
export const vin = '1M8GDM9AXKP042788';
export const otherVin = 'WDBEA30D3HA391172';
export const callbackSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const clientSecret = 'engine-secret';
const provisionerSecret = 'provisioner-secret';

interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

export interface Bench {
  readonly clock: ManualClock;
  readonly link: FleetLink;
  readonly lines: LogLine[];
  readonly api: ApiIot;
  /** The service's own; a test may replace `write` to let it fail. */
  readonly database: { -readonly [Part in keyof Database<ApiIotSchema>]: Database<ApiIotSchema>[Part] };
  /** Requests that the service sent (callbacks), and how they are answered. */
  readonly sent: { request: Request; body: string }[];
  answerCallback: () => Response | Promise<Response>;
  call(method: string, path: string, options?: CallOptions): Promise<Response>;
  /** A token of the service's own issuer with these claims. */
  tokenWith(claims: Pick<AccessTokenClaims, 'sub' | 'scope' | 'roles'>): Promise<string>;
  configure(options?: CallOptions & { vin?: string }): Promise<Response>;
  accept(options?: CallOptions & { vin?: string }): Promise<CommandResource>;
  history(commandId: string): Promise<CommandResource>;
  /** A vehicle's answer to a command as it was published. */
  answer(command: ConfigureCommand, outcome?: FeatureOutcome, version?: number): Promise<void>;
  status(fields?: Record<string, unknown>, retain?: boolean): Promise<void>;
  commands(): ConfigureCommand[];
  /** Stops the service and starts a new one on the same database and a new link. */
  restart(linkUp?: boolean): Promise<void>;
}

interface CallOptions {
  readonly token?: string | null;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export const configureBody = {
  reference: 'act_1',
  features: [{ feature: 'heated_seats', target: 'active', parameters: { levels: 3 } }],
  display: { receiving: 'Receiving configuration', applied: 'Feature enabled' },
};

const commandOf = (message: LinkMessage) => JSON.parse(message.payload) as ConfigureCommand;

async function newToken(api: ApiIot, clientId: string, secret: string): Promise<string> {
  const answer = await api.fetch(
    new Request(`${origin}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: secret,
      }),
    }),
  );
  const { access_token: token } = (await answer.json()) as { access_token: string };
  // Verified once and remembered: signatures run on a thread pool, which a test's clock cannot wait for.
  await api.fetch(
    new Request(`${origin}/vehicle/${vin}/health`, { headers: { authorization: `Bearer ${token}` } }),
  );
  return token;
}

/** Tokens that are always fresh and already verified. */
function tokenSource(clock: ManualClock) {
  const known = new Map<string, { token: string; api: ApiIot; until: number }>();
  return async (api: ApiIot, clientId: string, secret: string): Promise<string> => {
    const last = known.get(clientId);
    if (last !== undefined && last.api === api && clock.now() < last.until) return last.token;
    const token = await newToken(api, clientId, secret);
    known.set(clientId, { token, api, until: clock.now() + 59_000 });
    return token;
  };
}

function configOf(overrides: Partial<ApiIotConfig>): ApiIotConfig {
  return {
    ...apiIotDefaults,
    origin,
    callbackSecret,
    link: { clientId: 'api-iot', username: 'api-iot', password: 'p' },
    clients: [
      {
        clientId: 'engine',
        secretDigest: systemSecrets.digest(clientSecret),
        scopes: ['vehicle:configure', 'vehicle:read'],
      },
      {
        clientId: 'provisioner',
        secretDigest: systemSecrets.digest(provisionerSecret),
        scopes: ['vehicle:provision'],
      },
    ],
    ...overrides,
  };
}

interface Parts {
  readonly database: Database<ApiIotSchema>;
  readonly clock: ManualClock;
  readonly tokens: Tokens;
  readonly log: Log;
  readonly http: Http;
  readonly config: ApiIotConfig;
}

const startApi = async (parts: Parts, link: FleetLink): Promise<ApiIot> => {
  const api = apiIot({ ...parts, link, ids: systemIds(), secrets: systemSecrets });
  await api.start();
  await parts.clock.advance(0);
  return api;
};

function recordingLog(lines: LogLine[]): Log {
  const at = (level: LogLine['level']) => (event: string, fields?: Readonly<Record<string, unknown>>) => {
    lines.push({ level, event, fields });
  };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

/** The API IoT on a database in memory, with two vehicles, a clock and a broker in the test's hand. */
export async function withApiIot(
  run: (bench: Bench) => Promise<void>,
  overrides: Partial<ApiIotConfig> = {},
): Promise<void> {
  const database = openSqlite<ApiIotSchema>(':memory:');
  await migrateApiIot(database);
  const clock = manualClock();
  const lines: LogLine[] = [];
  const sent: Bench['sent'] = [];
  let link = fleetLink();
  let answerCallback: Bench['answerCallback'] = () => new Response(null, { status: 204 });
  const http: Http = async (request) => {
    sent.push({ request, body: await request.clone().text() });
    return answerCallback();
  };
  const config = configOf(overrides);
  const tokens = await signedTokens(clock, origin);
  const parts: Parts = { database, clock, tokens, log: recordingLog(lines), http, config };
  let api = await startApi(parts, link);
  const tokenOf = tokenSource(clock);

  const bench: Bench = {
    clock,
    database,
    lines,
    sent,
    get link() {
      return link;
    },
    get api() {
      return api;
    },
    get answerCallback() {
      return answerCallback;
    },
    set answerCallback(answer) {
      answerCallback = answer;
    },
    async call(method, path, { token: given, body, headers } = {}) {
      const token =
        given !== undefined
          ? given
          : await (path.startsWith('/provisioning')
              ? tokenOf(api, 'provisioner', provisionerSecret)
              : tokenOf(api, 'engine', clientSecret));
      const init: RequestInit = { method, headers: { ...headers } };
      if (token !== null) Object.assign(init.headers ?? {}, { authorization: `Bearer ${token}` });
      if (body !== undefined) {
        init.body = typeof body === 'string' ? body : JSON.stringify(body);
        init.headers = { 'content-type': 'application/json', ...init.headers };
      }
      return api.fetch(new Request(`${origin}${path}`, init));
    },
    tokenWith(claims) {
      const iat = Math.floor(clock.now() / 1000);
      const rest = { iss: origin, aud: origin, client_id: 'test', iat, exp: iat + 3_600, jti: 'tok_test' };
      return tokens.sign({ ...rest, ...claims });
    },
    configure: (options = {}) =>
      bench.call('POST', `/vehicle/${options.vin ?? vin}/configure`, { body: configureBody, ...options }),
    async accept(options) {
      const answer = await bench.configure(options);
      if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
      await clock.advance(0);
      return (await answer.json()) as CommandResource;
    },
    async history(commandId) {
      return (await (
        await bench.call('GET', `/vehicle/${vin}/history/${commandId}`)
      ).json()) as CommandResource;
    },
    answer: (command, outcome = 'applied', version) =>
      link.bring(topics.result(command.vin), {
        commandId: command.id,
        vin: command.vin,
        results: command.features.map((feature) => ({
          feature: feature.feature,
          outcome,
          version: version ?? feature.version,
        })),
        clock: clock.now() + 7,
      }),
    status: (fields = {}, retain = false) =>
      link.bring(topics.status(vin), { vin, online: true, clock: clock.now() + 7, ...fields }, retain),
    commands: () => link.published.map(commandOf),
    async restart(linkUp = true) {
      await api.stop();
      link = fleetLink(linkUp);
      api = await startApi(parts, link);
    },
  };
  try {
    await bench.call('POST', '/provisioning/vehicles', {
      body: {
        vehicles: [vin, otherVin].map((each) => ({
          vin: each,
          model: 'alpha',
          credentialDigest: systemSecrets.digest(`token of ${each}`),
        })),
      },
    });
    await run(bench);
  } finally {
    await api.stop();
    await database.close();
  }
  if (clock.pending().length > 0) throw new Error(`timers left behind: ${clock.pending().join(' ')}`);
}
