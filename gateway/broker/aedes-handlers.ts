import type { AedesPublishPacket, AuthenticateError, Client, PublishPacket, Subscription } from 'aedes';
import type { Log } from '../../shared/ports/log.ts';
import type { Access, Principal } from './access.ts';
import { SubscriptionLimit } from './subscription-limit.ts';

/** What the broker answers Aedes' questions from. */
export interface Rules {
  readonly access: Access;
  check(username: string, password: string): Promise<Principal | null>;
  refuse(reason: string, clientId: string | null, topic?: string): void;
  /** Rejects when a subscriber of this process could not handle it. */
  takeIn(clientId: string, packet: PublishPacket): Promise<void>;
  /** The same for a last will. No client sends it again, so it is kept for subscribers that could not receive it. */
  takeWill(clientId: string, packet: PublishPacket): void;
  delivered(clientId: string, packet: PublishPacket): void;
  readonly log: Log;
}

/** Aedes' questions, answered by the rules. */
export function handlersOf(rules: Rules) {
  const principals = new WeakMap<Client, Principal>();
  const wills = new WeakMap<Client, PublishPacket>();
  const vehicles = new Map<string, Set<Client>>();
  const limit = new SubscriptionLimit((client) => principals.get(client)?.role);
  const no = (code: number, message: string): AuthenticateError =>
    Object.assign(new Error(message), { returnCode: code });

  async function admit(client: Client, username: string, password: string): Promise<string | null> {
    const principal = await rules.check(username, password);
    if (!principal) return 'credentials';
    const refusal = rules.access.refuseClientId(principal, client.id, client.clean);
    if (refusal !== null) return refusal;
    const will = wills.get(client);
    if (will && rules.access.refusePublish(principal, will) !== null) return 'will';
    principals.set(client, principal);
    if (principal.role === 'vehicle') remember(client, principal.vin);
    return null;
  }

  function refusalOf(
    principal: Principal | undefined,
    client: Client | null,
    packet: PublishPacket,
    isWill: boolean,
  ): string | null {
    if (!principal || !client) return 'credentials';
    const refusal = rules.access.refusePublish(principal, packet);
    return refusal ?? (isWill ? rules.access.refuseWill(principal, client.id, packet) : null);
  }

  function remember(client: Client, vin: string): void {
    if (client.conn.destroyed) return;
    const clients = vehicles.get(vin) ?? new Set();
    vehicles.set(vin, clients.add(client));
    client.conn.once('close', () => {
      clients.delete(client);
      if (clients.size === 0 && vehicles.get(vin) === clients) vehicles.delete(vin);
    });
  }

  function refuseFilter(client: Client, filter: string): string | null {
    const principal = principals.get(client);
    if (!principal) return 'credentials';
    const refusal = rules.access.refuseSubscribe(principal, filter);
    if (refusal !== null) return refusal;
    return limit.grant(client, principal.role, filter) ? null : 'too_many_filters';
  }

  const handlers = {
    preConnect(
      client: Client,
      packet: { will?: unknown },
      done: (error: Error | null, success: boolean) => void,
    ) {
      if (packet.will) wills.set(client, packet.will as PublishPacket);
      done(null, true);
    },
    authenticate(
      client: Client,
      username: string | undefined,
      password: Buffer | undefined,
      done: (error: AuthenticateError | null, success: boolean | null) => void,
    ) {
      admit(client, username ?? '', password?.toString('utf8') ?? '').then(
        (refusal) => {
          if (refusal === null) return done(null, true);
          rules.refuse(refusal, client.id);
          done(no(refusal === 'credentials' ? 4 : 5, `refused: ${refusal}`), false);
        },
        (error: unknown) => {
          rules.log.error('broker.look_up_failed', { clientId: client.id, error: String(error) });
          done(no(3, 'the credentials cannot be checked now'), false);
        },
      );
    },
    authorizePublish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void) {
      const principal = client ? principals.get(client) : undefined;
      const isWill = client !== null && packet === wills.get(client);
      const refusal = refusalOf(principal, client, packet, isWill);
      if (!client || refusal !== null) {
        rules.refuse(refusal ?? 'credentials', client?.id ?? null, packet.topic);
        return done(new Error(`refused: ${refusal}`));
      }
      if (isWill) {
        rules.takeWill(client.id, packet);
        return done(null);
      }
      // The acknowledgement is written after this: it waits for the subscribers of this process.
      rules.takeIn(client.id, packet).then(
        () => done(null),
        (error: unknown) => {
          rules.log.error('broker.subscriber_failed', { topic: packet.topic, error: String(error) });
          done(new Error('a subscriber failed'));
        },
      );
    },
    authorizeSubscribe(
      client: Client,
      subscription: Subscription,
      done: (error: Error | null, subscription?: Subscription | null) => void,
    ) {
      if (client.conn.destroyed) return done(null, null);
      const refusal = refuseFilter(client, subscription.topic);
      if (refusal === null) return done(null, subscription);
      rules.refuse(refusal, client.id, subscription.topic);
      done(null, null);
      if (limit.countRefused(client)) client.conn.destroy();
    },
    authorizeForward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
      const principal = principals.get(client);
      return principal && rules.access.refuseReceive(principal, packet.topic) === null ? packet : null;
    },
  };

  return {
    handlers,
    limit,
    /** Closes the connections of these vehicles. */
    close(vin: string): void {
      for (const client of [...(vehicles.get(vin) ?? [])]) client.conn.destroy();
    },
  };
}
