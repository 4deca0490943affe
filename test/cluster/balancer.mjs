// Spreads TCP connections over ports of this machine in turn, and tries the next one where a port refuses: HAProxy's mode tcp. A process
// of its own, because the one of the fleet is too busy to accept: node balancer.mjs PORT TARGET TARGET …
import { connect, createServer } from 'node:net';

const [port, ...targets] = process.argv.slice(2).map(Number);
let turn = 0;

/** @param {import('node:net').Socket} client @param {number} first @param {number} tried */
function join(client, first, tried) {
  if (tried >= targets.length) {
    client.destroy();
    return;
  }
  const server = connect(targets[(first + tried) % targets.length], '127.0.0.1');
  server.once('connect', () => {
    server.removeAllListeners('error');
    server.on('error', () => client.destroy());
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
    client.pipe(server).pipe(client);
  });
  server.once('error', () => join(client, first, tried + 1));
}

const listener = createServer((client) => {
  client.on('error', () => client.destroy());
  join(client, turn, 0);
  turn += 1;
});
listener.listen(port, '127.0.0.1', () => process.stdout.write('listening\n'));
