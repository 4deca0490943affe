import { fleetAccess, type Principal } from '../../gateway/broker/access.ts';
import type { LinkConnection, LinkOptions } from '../../shared/ports/device-link.ts';
import {
  type BrokerRules,
  type VirtualBroker,
  type VirtualBrokerDeps,
  virtualBroker,
} from '../../shared/virtual/device-link.ts';
import { type VirtualLoop, virtualLoop } from '../../shared/virtual/loop.ts';
import { constantRandom } from './constant-random.ts';
import { takeOverTime } from './loop-time.ts';
import { type BrokerPart, realBroker } from './real-broker.ts';
import { type ClientName, messageOf, type Script, type Step, slotMs, vins } from './script.ts';

const startAt = 1_800_000_000_000;
const service = { username: 'api-iot', password: 'service-secret' };
const monitor = { username: 'monitor', password: 'monitor-secret' };
const password = 'vehicle-secret';
/** Every draw: both sides wait as long before they dial again, in whole slots. */
const fraction = 0.412 / 0.9;
/** Longer than any wait of the clients, so that all messages arrive. */
const restMs = 1_000 * slotMs;
const slowMs = 5 * slotMs;

/** What each client saw, as `milliseconds text`. */
export type Series = Readonly<Partial<Record<ClientName, readonly string[]>>>;

export type MakeBroker = (loop: VirtualLoop, latencyMs: () => number) => BrokerPart;

export const makePlain = (
  loop: VirtualLoop,
  latencyMs: () => number,
  more: Partial<VirtualBrokerDeps> = {},
): VirtualBroker => virtualBroker({ loop, random: constantRandom(fraction), latencyMs, rules, ...more });

export const makeReal: MakeBroker = (loop, latencyMs) =>
  realBroker({ loop, latencyMs, service, monitor, password });

/** Plays the script at a broker of its own. Fails when anything went on outside the loop: then nothing would be certain. */
export async function play(script: Script, make: MakeBroker): Promise<Series> {
  const loop = virtualLoop({ startAt });
  const giveTimeBack = takeOverTime(loop.clock('timers'), fraction);
  try {
    const players = newPlayers(
      loop,
      script,
      make(loop, () => script.latencySlots * slotMs),
    );
    let at = slotMs;
    for (const [index, step] of script.steps.entries()) {
      at += step.afterSlots * slotMs;
      loop.clock('script').setTimer(at + index, () => players.act(step));
    }
    loop.clock('script').setTimer(at + restMs, () => players.everybodyComesBack());
    await loop.run(startAt + at + 2 * restMs);
    // Aedes draws an id for itself: at once, and on this thread.
    const outside = loop.foreign.filter(({ type }) => type !== 'RANDOMBYTESREQUEST');
    if (outside.length > 0) throw new Error(`outside the loop: ${JSON.stringify(outside)}`);
    if (loop.unhandled.length > 0) throw new Error('a rejection that nobody took', { cause: loop.unhandled });
    return Object.fromEntries(
      Object.entries(players.series).map(([who, lines]) => [who, withoutFreeOrder(lines)]),
    );
  } finally {
    giveTimeBack();
  }
}

/** The end of a DISCONNECT, an answer, or a message with its topic and QoS. */
const freePattern = /^\d+ (?:closed|(?:said|LinkClosed for|hears|must not hear) .*|gets \S* on (.*))$/;

/**
 * What MQTT leaves open is no difference. Within one millisecond, messages keep their order by topic and quality alone, what
 * was asked together may be answered in any order, and an answer that comes with the end of the connection may be lost.
 */
function withoutFreeOrder(lines: readonly string[]): string[] {
  const ends = new Set(lines.filter((line) => line.endsWith(' is lost')).map(instantOf));
  const rows = lines.map((seen) => {
    const line = ends.has(instantOf(seen)) ? seen.replace(/^(\d+) said /, '$1 LinkClosed for ') : seen;
    const [free = '', kind] = freePattern.exec(line) ?? [];
    return { line, at: instantOf(line), text: kind ?? free };
  });
  const compare = (left: string, right: string) => (left < right ? -1 : Number(left > right));
  return rows
    .sort((left, right) => left.at - right.at || compare(left.text, right.text))
    .map(({ line }) => line);
}

function instantOf(line: string): number {
  return Number.parseInt(line, 10);
}

interface Player {
  readonly connection: LinkConnection;
  readonly opening: Step & { readonly do: 'open' };
}

function newPlayers(loop: VirtualLoop, { isApiInside }: Script, broker: BrokerPart) {
  const series: Partial<Record<ClientName, string[]>> = {};
  const players = new Map<ClientName, Player>();
  let said = 0;
  let isDown: boolean = false;

  const note = (who: ClientName, text: string) => {
    series[who] = [...(series[who] ?? []), `${loop.now() - startAt} ${text}`];
  };

  function open(opening: Player['opening']): void {
    const { who } = opening;
    const embedded = who === 'api' && isApiInside;
    if (players.has(who) || (embedded && isDown)) return;
    const process = loop.process(who);
    let failures = opening.handling === 'fails once' ? 1 : 0;
    const connection = broker.connect(process, { embedded }).open({
      ...identityOf(who),
      cleanSession: opening.clean,
      keepAliveSeconds: 60,
      ...(opening.will && { will: messageOf('status', who, `${who} is gone`) }),
      onMessage({ topic, payload, qos, retain }) {
        note(who, `gets ${payload} on ${topic} QoS ${qos}${retain ? ' retained' : ''}`);
        if (failures-- > 0) return Promise.reject(new Error('failed on purpose'));
        if (opening.handling === 'stuck') return new Promise<void>(() => {});
        if (opening.handling !== 'slow') return undefined;
        return new Promise<void>((resolve) => void process.clock.setTimer(slowMs, resolve));
      },
      onConnect: ({ sessionPresent }) => note(who, sessionPresent ? 'resumes' : 'connects'),
      onDisconnect: () => note(who, 'is lost'),
    });
    players.set(who, { connection, opening });
    if (opening.filters.length > 0) subscribe(who, connection, opening.filters);
  }

  function subscribe(who: ClientName, connection: LinkConnection, filters: readonly string[]): void {
    const text = filters.join(', ');
    connection.subscribe(filters).then(
      () => note(who, `hears ${text}`),
      (error: Error) =>
        note(who, `${error.name === 'LinkClosed' ? 'never heard of' : 'must not hear'} ${text}`),
    );
  }

  function say(who: ClientName, connection: LinkConnection, what: (Step & { do: 'say' })['what']): void {
    for (const saying of what) {
      said += 1;
      const message = messageOf(saying, who, `m${said}`);
      const text = message.payload || 'nothing';
      connection.publish(message).then(
        () => note(who, `said ${text}`),
        (error: Error) => note(who, `${error.name} for ${text}`),
      );
    }
  }

  function die(who: ClientName): void {
    players.delete(who);
    loop.kill(who);
  }

  function act(step: Step): void {
    if (step.do === 'open') open(step);
    else if (step.do === 'restart') restart(step.downSlots * slotMs);
    else {
      const player = players.get(step.who);
      if (player) actBy(player.connection, step);
    }
  }

  function actBy(connection: LinkConnection, step: Exclude<Step, { do: 'open' | 'restart' }>): void {
    const { who } = step;
    switch (step.do) {
      case 'subscribe':
        subscribe(who, connection, step.filters);
        break;
      case 'say':
        say(who, connection, step.what);
        break;
      case 'cut':
        connection.cut();
        break;
      case 'reconnect':
        connection.reconnect();
        break;
      case 'close':
        players.delete(who);
        void connection.close().then(() => note(who, 'closed'));
        break;
      case 'die':
        die(who);
        break;
      case 'fade':
        fade(identityOf(who).clientId, step.forSlots * slotMs);
        break;
      default:
        step satisfies never;
    }
  }

  function fade(clientId: string, forMs: number): void {
    broker.setSilent(clientId, true);
    loop.clock('script').setTimer(forMs, () => broker.setSilent(clientId, false));
  }

  /** Who is in the broker's process dies and starts again with it. */
  function restart(downMs: number): void {
    if (isDown) return;
    isDown = true;
    const inside = isApiInside ? players.get('api') : undefined;
    if (inside) die('api');
    broker.restart({ keepsSessions: false, downMs });
    loop.clock('script').setTimer(downMs, () => {
      isDown = false;
      if (inside) open(inside.opening);
    });
  }

  return {
    series,
    act,
    everybodyComesBack() {
      for (const { connection } of players.values()) connection.reconnect();
    },
  };
}

function identityOf(who: ClientName): Pick<LinkOptions, 'clientId' | 'username' | 'password'> {
  if (who === 'api') return { clientId: 'api-iot', ...service };
  if (who === 'monitor') return { clientId: 'monitor', ...monitor };
  const vin = who === 'car 2' ? vins[1] : vins[0];
  return { clientId: `vehicle-${vin}`, username: vin, password };
}

/** The rules of the embedded broker, in the words of the virtual one. */
const rules: BrokerRules = {
  admit: (options) => {
    const { clientId, cleanSession, will } = options;
    const refusal = fleetAccess.refuseClientId(principalOf(options), clientId, cleanSession);
    return refusal ?? (will ? fleetAccess.refusePublish(principalOf(options), will) : null);
  },
  refusePublish: (options, message) => fleetAccess.refusePublish(principalOf(options), message),
  refuseWill: (options, will) => fleetAccess.refuseWill(principalOf(options), options.clientId, will),
  refuseSubscribe: (options, filter) => fleetAccess.refuseSubscribe(principalOf(options), filter),
};

function principalOf({ username }: LinkOptions): Principal {
  if (username === service.username) return { role: 'service' };
  return username === monitor.username ? { role: 'monitor' } : { role: 'vehicle', vin: username };
}
