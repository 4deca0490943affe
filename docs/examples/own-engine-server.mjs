// Starts the engine of own-engine.mjs on PORT, with Node's own fetch, timers and environment.
import { createServer } from 'node:http';
import { ownEngine } from './own-engine.mjs';

const handle = ownEngine({ fetch, setTimeout, settings: process.env });
createServer(async (incoming, outgoing) => {
  const body = Buffer.concat(await incoming.toArray());
  const answer = await handle(new Request('http://engine/orders', { method: 'POST', body }));
  outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
}).listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => process.stdout.write('engine listens\n'));
