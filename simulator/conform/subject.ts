import type { Adapter } from '../../gateway/adapter/adapter.ts';
import type { Capability } from '../../gateway/adapter/adapter-schema.ts';
import type { VehicleCommand } from '../../gateway/adapter/answers.ts';
import type { CodeMeaning } from '../../gateway/adapter/codes.ts';
import { UnreadAnswer } from '../../gateway/adapter/pick.ts';
import { failureOfResponse } from '../../gateway/engine/refusal.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import { pointerReader } from '../../shared/protocol/json-pointer.ts';
import type { CallbackListener } from './callback-listener.ts';

export interface SubjectSettings {
  readonly adapter: Adapter;
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Vehicle of the claims: online, with the feature. */
  readonly vin: string;
  readonly feature: string;
  /** A vehicle whose quota is used up; a vehicle that is away; one that answers after the time-out. Null: none was given. */
  readonly quotaVin: string | null;
  readonly offlineVin: string | null;
  readonly lateVin: string | null;
  readonly quota: number;
  /** How long a command may take to end. */
  readonly endMaxMs: number;
  /** Restarts the API IoT and resolves once it answers; null: no way was given. */
  readonly restart: (() => Promise<void>) | null;
}

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  /** As the adapter reads it; null for a refusal, or an answer that it cannot read. */
  readonly command: VehicleCommand | null;
  readonly unread: string | null;
  readonly tookMs: number;
}

interface Order {
  readonly key: string;
  readonly vin?: string;
  readonly feature?: string;
  readonly target?: 'active' | 'dormant';
  /** Null: none is sent. Absent: the client's own. */
  readonly token?: string | null;
  readonly callbackUrl?: string;
  /** Sent as it is. */
  readonly rawBody?: string;
}

/** The API IoT that is tried, by its adapter: each request is sent once, and each answer is data. */
export class Subject {
  readonly settings: SubjectSettings;
  readonly callbacks: CallbackListener;
  readonly secrets: Secrets;
  readonly #http: Http;
  readonly #clock: Clock;
  readonly #mark: string;
  readonly #kept = new Map<string, Promise<unknown>>();

  constructor(
    settings: SubjectSettings,
    ports: {
      readonly http: Http;
      readonly clock: Clock;
      readonly callbacks: CallbackListener;
      readonly secrets: Secrets;
      readonly mark: string;
    },
  ) {
    this.settings = settings;
    this.#http = ports.http;
    this.#clock = ports.clock;
    this.callbacks = ports.callbacks;
    this.secrets = ports.secrets;
    this.#mark = ports.mark;
  }

  has(capability: Capability): boolean {
    return this.settings.adapter.has(capability);
  }

  now(): number {
    return this.#clock.now();
  }

  /** A key and a reference that no earlier run has used. */
  key(name: string): string {
    return `${this.reference(name)}:1`;
  }

  reference(name: string): string {
    return `conform-${this.#mark}-${name}`;
  }

  /** Runs once, for claims that look at the same command. */
  once<T>(name: string, run: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(name) as Promise<T> | undefined;
    if (kept !== undefined) return kept;
    const made = run();
    this.#kept.set(name, made);
    return made;
  }

  /** Resolves with the answer of the token endpoint. */
  async askToken(
    changes: { readonly secret?: string; readonly scope?: string } = {},
  ): Promise<{ readonly status: number; readonly token: string | null }> {
    const { adapter, origin, clientId, clientSecret } = this.settings;
    const { token } = adapter;
    if (token === null) throw new Error('the adapter has no token request');
    const secret = changes.secret ?? clientSecret;
    const scope = changes.scope ?? token.scope;
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === '' ? {} : { scope }),
    });
    for (const [name, value] of Object.entries(token.parameters)) form.set(name, value);
    const basic = [clientId, secret].map(encodeURIComponent).join(':');
    const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
    if (token.client === 'basic') headers.authorization = `Basic ${Buffer.from(basic).toString('base64')}`;
    else
      for (const [name, value] of [
        ['client_id', clientId],
        ['client_secret', secret],
      ] as const)
        form.set(name, value);
    const url = token.path.startsWith('/') ? `${origin}${token.path}` : token.path;
    const response = await this.#http(new Request(url, { method: 'POST', headers, body: form.toString() }));
    const text = pointerReader(token.accessToken)(await jsonOf(response));
    return { status: response.status, token: response.ok && typeof text === 'string' ? text : null };
  }

  async token(): Promise<string | null> {
    if (this.settings.adapter.token === null) return null;
    return this.once('token', async () => (await this.askToken()).token);
  }

  async configure(order: Order): Promise<Sent> {
    const { adapter, vin: own, feature: ownFeature } = this.settings;
    const { vin = own, feature = ownFeature, target = 'active', key, callbackUrl } = order;
    const reference = key.replace(/:\d+$/, '');
    const values = {
      ...{ vin, reference, key, callbackUrl },
      traceparent: `00-${'0'.repeat(30)}01-${'0'.repeat(14)}01-01`,
      feature: adapter.file.features[feature] ?? feature,
      target: adapter.file.targets[target],
    };
    const body = order.rawBody ?? JSON.stringify(adapter.configure.body(values) ?? {});
    return this.#send(
      adapter.configure.path(values),
      {
        method: adapter.configure.method,
        headers: { 'content-type': 'application/json', ...adapter.configure.headers(values) },
        body,
      },
      order.token,
      (document) =>
        adapter.configure.command(document, {
          vin,
          asked: { vin, reference, key, feature, target },
          now: this.now(),
        }),
    );
  }

  /** Reads one command, by its item or in the history; null where it is in neither. */
  async command(vin: string, id: string): Promise<VehicleCommand | null> {
    const { item } = this.settings.adapter;
    if (item === null || !this.has('history_item'))
      return (await this.history(vin)).find((one) => one.id === id) ?? null;
    const read = (document: unknown) => item.command(document, { vin, asked: null, now: this.now() });
    return (await this.#send(item.path({ vin, commandId: id }), { method: 'GET' }, undefined, read)).command;
  }

  async history(vin: string): Promise<readonly VehicleCommand[]> {
    const { history } = this.settings.adapter;
    if (history === null) return [];
    let listed: readonly VehicleCommand[] = [];
    await this.#send(history.path({ vin }), { method: 'GET' }, undefined, (document) => {
      listed = history.commands(document, { vin, asked: null, now: this.now() });
      return null;
    });
    return listed;
  }

  /** Reads `status` or `health`, as the adapter does; null for a refusal. */
  async vehicle<Kind extends 'status' | 'health'>(kind: Kind, vin: string, token?: string | null) {
    const part = this.settings.adapter[kind];
    if (part === null) return null;
    let value: ReturnType<typeof part.read> | null = null;
    const sent = await this.#send(part.path({ vin }), { method: 'GET' }, token, (document) => {
      value = part.read(document, vin);
      return null;
    });
    return {
      sent,
      value: value as ReturnType<NonNullable<(typeof this.settings.adapter)[Kind]>['read']> | null,
    };
  }

  /** Waits until a command has ended; resolves with what it is at the end of the time otherwise. */
  async ended(vin: string, sent: VehicleCommand): Promise<VehicleCommand> {
    return this.until(vin, sent, (command) => command.state !== 'accepted');
  }

  /** Waits until the condition holds, and no longer than a command may take. */
  async waitFor(holds: () => boolean): Promise<void> {
    const endAt = this.now() + this.settings.endMaxMs;
    while (!holds() && this.now() < endAt) await sleep(this.#clock, 100);
  }

  async until(
    vin: string,
    sent: VehicleCommand,
    holds: (command: VehicleCommand) => boolean,
  ): Promise<VehicleCommand> {
    const endAt = this.now() + this.settings.endMaxMs;
    let command = sent;
    while (!holds(command) && this.now() < endAt) {
      await sleep(this.#clock, 100);
      command = (await this.command(vin, sent.id)) ?? command;
    }
    return command;
  }

  /** What a refusal means to the engine: a listed meaning, or the category of the failure. */
  meaning({ status, body, headers }: Sent): CodeMeaning | string {
    const { errors } = this.settings.adapter;
    const listed = errors.codes.find([errors.code(body), status]);
    if (listed !== null) return listed;
    return failureOfResponse({
      ...{ status, body, contentType: headers.get('content-type') },
      challenge: headers.get('www-authenticate'),
    }).category;
  }

  async #send(
    path: string,
    init: { method: string; headers?: Record<string, string>; body?: string },
    given: string | null | undefined,
    read: (document: unknown) => VehicleCommand | null,
  ): Promise<Sent> {
    const { adapter, origin, clientId, clientSecret } = this.settings;
    const token = given === undefined ? await this.token() : given;
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...adapter.headers({ clientId, clientSecret }),
      ...init.headers,
    };
    if (adapter.token !== null && token !== null)
      headers[adapter.token.header] = `${adapter.token.prefix}${token}`;
    const startedAt = this.now();
    const response = await this.#http(new Request(`${origin}${path}`, { ...init, headers }));
    const body = await jsonOf(response);
    const answer = {
      status: response.status,
      headers: response.headers,
      body,
      tookMs: this.now() - startedAt,
    };
    if (!response.ok) return { ...answer, command: null, unread: null };
    try {
      return { ...answer, command: read(body), unread: null };
    } catch (error) {
      if (error instanceof UnreadAnswer)
        return { ...answer, command: null, unread: error.message || 'has another shape' };
      throw error;
    }
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  return response.json().catch((error: unknown) => {
    if (error instanceof TransportError) throw error;
    return null;
  });
}
