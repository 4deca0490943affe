import { lookup } from 'node:dns';
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** What is not the public internet (IANA's special-purpose address registries, RFC 6890): this machine, this network, and ways round to them. */
const inside: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
];

const blocked = new BlockList();
for (const [network, bits] of inside) {
  blocked.addSubnet(network, bits, network.includes(':') ? 'ipv6' : 'ipv4');
}

/** The code of the error with which a name that leads inside is refused. */
export const notPublic = 'ENOTPUBLIC';

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !blocked.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether a URL's host is an address inside, written out: for a name `publicLookup` finds that out. */
export function isInsideLiteral(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) !== 0 && !isPublicAddress(bare);
}

/** Resolves a name as `dns.lookup` does, and refuses it when any of its addresses is inside: a name's owner chooses where it leads. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error) return callback(error, '', 0);
    const first = found[0];
    if (first === undefined || !found.every(({ address }) => isPublicAddress(address))) {
      return callback(Object.assign(new Error(`${hostname} leads inside`), { code: notPublic }), '', 0);
    }
    if (options.all) callback(null, found);
    else callback(null, first.address, first.family);
  });
};

/** Agents of `callOverSocket` that connect to the public internet alone. */
export function publicAgents(pool: { keepAlive: boolean; maxSockets: number; timeout: number }) {
  const options = { ...pool, lookup: publicLookup };
  return { plain: new Agent(options), secure: new SecureAgent(options) };
}
