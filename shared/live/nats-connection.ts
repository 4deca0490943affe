import { readFile } from 'node:fs/promises';
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { BusUnavailable } from '../ports/bus.ts';
import { maskedAddress } from '../protocol/address.ts';

export type NatsCredentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  /** A file made by `nsc` (JWT and seed). */
  | { readonly credentialsFile: string };

export async function connectTo({
  url,
  credentials,
}: {
  readonly url: string;
  readonly credentials?: NatsCredentials;
}): Promise<NatsConnection> {
  const parsed = url
    .split(',')
    .map((part) => part.trim())
    .map((part) => new URL(part.includes('://') ? part : `nats://${part}`));
  const shown = maskedAddress(url);
  const first = parsed.find(({ username }) => username !== '');
  const authentication = credentials
    ? await authenticationOf(credentials)
    : first
      ? { user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) }
      : {};
  try {
    return await connect({
      servers: parsed.map((part) => part.host),
      ...authentication,
      ...(parsed.some((part) => part.protocol === 'tls:') ? { tls: {} } : {}),
      name: 'fleetwake',
      // A server that is away refuses at once; one that is there is waited for, however busy this process is.
      timeout: 20_000,
      maxReconnectAttempts: -1,
      // A NATS that restarts may refuse for a moment what it will accept again.
      ignoreAuthErrorAbort: true,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 10_000,
      // Two stack traces for each publish cost more than the publish.
      noAsyncTraces: true,
    });
  } catch (error) {
    throw new BusUnavailable(`NATS at ${shown} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

async function authenticationOf(credentials: NatsCredentials): Promise<Partial<NodeConnectionOptions>> {
  if ('token' in credentials) return { token: credentials.token };
  if ('user' in credentials) return { user: credentials.user, pass: credentials.password };
  return { authenticator: credsAuthenticator(await readFile(credentials.credentialsFile)) };
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && error.cause.message ? ` (${error.cause.message})` : '';
  return `${error.message || error.name}${cause}`;
}
