import { readFile } from 'node:fs/promises';
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
import { BusUnavailable } from '../ports/bus.ts';
import { maskedAddress } from '../protocol/address.ts';
import { fileErrorText } from '../protocol/file-error-text.ts';

export type NatsCredentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  /** A file made by `nsc` (JWT and seed). */
  | { readonly credentialsFile: string }
  /** A file that holds the seed of an NKEY. */
  | { readonly nkeyFile: string };

/** PEM files, read at each connection: who renews one needs no restart. */
export interface NatsCertificates {
  /** Of the authority that signed the server's certificate; default: those of the system. */
  readonly caFile?: string;
  /** Of this client, with its key. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** How a client is let in by a NATS. */
export interface NatsAccess {
  readonly credentials?: NatsCredentials;
  readonly certificates?: NatsCertificates;
  /** Where answers to this client come; default `_INBOX`. */
  readonly inboxPrefix?: string;
}

export interface NatsAddress extends NatsAccess {
  /** `nats://127.0.0.1:4222`, several separated by commas; may hold `user:password@`. */
  readonly url: string;
}

/** Error of a file of credentials or certificates that cannot be read. The message names it. */
export class NatsAccessUnusable extends Error {
  override readonly name = 'NatsAccessUnusable';
}

export async function connectTo({
  url,
  credentials,
  certificates,
  inboxPrefix,
}: NatsAddress): Promise<NatsConnection> {
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
  const isEncrypted = certificates !== undefined || parsed.some((part) => part.protocol === 'tls:');
  await checkReadable(certificates);
  try {
    return await connect({
      servers: parsed.map((part) => part.host),
      ...authentication,
      ...(isEncrypted ? { tls: { ...certificates } } : {}),
      ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
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
  if ('credentialsFile' in credentials)
    return { authenticator: credsAuthenticator(await fileOf(credentials.credentialsFile)) };
  const seed = (await fileOf(credentials.nkeyFile)).toString('utf8').trim();
  return { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) };
}

async function checkReadable({ caFile, certFile, keyFile }: NatsCertificates = {}): Promise<void> {
  for (const file of [caFile, certFile, keyFile]) if (file !== undefined) await fileOf(file);
}

async function fileOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new NatsAccessUnusable(`${path} cannot be read (${fileErrorText(error)}): correct the path`);
  }
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && error.cause.message ? ` (${error.cause.message})` : '';
  return `${error.message || error.name}${cause}`;
}
