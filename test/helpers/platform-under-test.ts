import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import type { CancellationPolicy, UncollectiblePolicy } from '../../gateway/catalogue/service.ts';
import { noPayments } from '../../gateway/payments/no-payments.ts';
import { platform } from '../../gateway/platform/app.ts';
import { newChanges } from '../../gateway/platform/changes.ts';
import type { PlatformConfig } from '../../gateway/platform/deps.ts';
import { platformAudience, platformScopes } from '../../gateway/platform/scopes.ts';
import { purchasePages } from '../../gateway/purchase-page/page-route.ts';
import { purchaseLinks } from '../../gateway/purchase-page/purchase-link.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { AccessTokenClaims, Tokens } from '../../shared/ports/tokens.ts';
import { noticeSettings, support, type TestEngine, testEngine } from '../gateway/platform/engine.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { signedTokens } from './signed-tokens.ts';

export const origin = 'http://127.0.0.1:8080';
export const callbackSecret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
export const linkSecrets = ['link-secret-of-the-tests-0123456789'] as const;
export const vin = '1M8GDM9AXKP042788';
/** An id of the test's own source: the count over all prefixes, 26 digits. */
export const idOf = (prefix: string, count: number) => `${prefix}_${String(count).padStart(26, '0')}`;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests compare it as a whole, or read fields whose type an assertion has checked.
  // biome-ignore lint/suspicious/noExplicitAny: the answer of any route
  readonly body: any;
}

export interface World {
  readonly clock: ManualClock;
  readonly database: Database<PlatformSchema>;
  readonly engine: TestEngine;
  readonly changes: ReturnType<typeof newChanges>;
  readonly log: { event: string; fields: unknown }[];
  readonly app: ReturnType<typeof platform>;
  /** A token with these scopes. */
  token(...scopes: string[]): Promise<string>;
  /** One with claims of its own too. */
  tokenWith(claims: Partial<AccessTokenClaims>, ...scopes: string[]): Promise<string>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** With a token for everything, a JSON body when there is one. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** Platforms that share a database count from different numbers. */
function countingIds(from: number): Ids {
  let count = from;
  return {
    next(prefix) {
      count += 1;
      return idOf(prefix, count);
    },
  };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
}

const kept: Promise<Tokens>[] = [];

/** Key pairs are slow to make: one for all tests, on each test's own clock by way of `current`. */
let current: ManualClock;
function tokensFor(clock: ManualClock): Promise<Tokens> {
  current = clock;
  const now = { now: () => current.now(), setTimer: () => ({ cancel() {} }) };
  kept[0] ??= signedTokens(now, origin);
  return kept[0];
}

const catalogue = loadCatalogue(catalogueFolder(shippedCatalogueFolder()));

export async function withPlatform(
  run: (world: World) => Promise<void>,
  options: Partial<PlatformConfig> & {
    /** Of every service of the catalogue. */
    readonly cancellation?: CancellationPolicy;
    /** Of every service of the catalogue. */
    readonly uncollectible?: UncollectiblePolicy;
    readonly open?: () => Database<PlatformSchema>;
    readonly idsFrom?: number;
    readonly isBusAway?: boolean;
  } = {},
): Promise<void> {
  const clock = manualClock();
  const {
    idsFrom = 0,
    isBusAway = false,
    cancellation = 'at_once',
    uncollectible = 'keep',
    open = () => openSqlite<PlatformSchema>(':memory:'),
    ...config
  } = options;
  const database = open();
  await migratePlatform(database);
  const ids = countingIds(idsFrom);
  const changes = newChanges();
  const tokens = await tokensFor(clock);
  const entries: World['log'] = [];
  const write = (event: string, fields?: unknown) => entries.push({ event, fields });
  const log: Log = { info: write, warn: write, error: write };
  const sold: Catalogue = {
    ...catalogue,
    service(id) {
      const service = catalogue.service(id);
      return service && { ...service, cancellation, uncollectible };
    },
  };
  const engine = testEngine({ database, clock, ids, onCommitted: changes.notify, catalogue: sold });
  const app = platform({
    database,
    engine,
    bus: { problem: () => (isBusAway ? 'not connected' : null) },
    catalogue: sold,
    changes,
    clock,
    ids,
    secrets: systemSecrets,
    tokens,
    log,
    desk: { settings: support, notices: noticeSettings, onRecorded: changes.notify },
    restore: {
      ...{ database, clock, ids, catalogue: sold },
      vehicles: { status: async () => ({ ok: false }) },
      payments: noPayments,
      settle: () => Promise.reject(new Error('nothing is repaired here')),
      onResumed() {},
    },
    pages: purchasePages(purchaseLinks(systemSecrets, linkSecrets)),
    config: { origin, clients: [], callbackSecret, ...config },
  });
  const tokenWith = (claims: Partial<AccessTokenClaims>, ...scopes: string[]) => {
    const iat = Math.floor(clock.now() / 1000);
    return tokens.sign({
      iss: origin,
      aud: platformAudience,
      sub: 'developer',
      client_id: 'developer',
      scope: scopes.join(' '),
      iat,
      exp: iat + 1_000_000,
      jti: `tok_${scopes.join()}`,
      ...claims,
    });
  };
  const token = (...scopes: string[]) => tokenWith({}, ...scopes);
  const everything = await token(...Object.keys(platformScopes));
  const fetch = (path: string, init?: RequestInit) => app.fetch(new Request(`${origin}${path}`, init));
  try {
    await run({
      clock,
      database,
      engine,
      changes,
      log: entries,
      app,
      token,
      tokenWith,
      fetch,
      async call(method, path, body, headers = {}) {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const sent = {
          authorization: `Bearer ${everything}`,
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        };
        return answerOf(
          await fetch(path, { method, headers: sent, ...(text === undefined ? {} : { body: text }) }),
        );
      },
    });
  } finally {
    app.stop();
    await database.close();
  }
}

/** Ana, her Aurora, and a Cirrus that lacks the sport mode. */
export async function register({ call }: World): Promise<void> {
  const answer = await call('POST', '/registrations', {
    customers: [{ id: 'ana', name: 'Ana Torres', email: 'ana@example.com' }],
    vehicles: [
      { vin, model: 'aurora-2026', modelName: 'Aurora', customerId: 'ana' },
      { vin: '11111111111111111', model: 'cirrus-2025', modelName: 'Cirrus' },
    ],
  });
  if (answer.status !== 200) throw new Error(`registration: ${JSON.stringify(answer.body)}`);
}

export const order = {
  customerId: 'ana',
  vin,
  serviceId: 'heated-seats',
  duration: { unit: 'months', count: 1 },
  paymentMethod: 'pm_card_visa',
};
