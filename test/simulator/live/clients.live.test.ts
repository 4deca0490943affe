import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openKeys } from '../../../gateway/live/keys.ts';
import { clientsOf } from '../../../simulator/live/clients.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

test('clients send nothing once their run is over, and leave their users without an answer', () =>
  withTemporaryFolder(async (folder) => {
    const paths: string[] = [];
    const server = createServer((incoming, outgoing) => {
      if (incoming.url !== '/oauth/token') paths.push(incoming.url ?? '');
      outgoing.writeHead(200, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ access_token: 'a', token_type: 'Bearer', expires_in: 3_600 }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const origins = { platform: origin, apiIot: origin };
    const keys = await openKeys(folder);
    const over = new AbortController();
    const clients = clientsOf(keys, origins, over.signal);
    try {
      expect((await clients.platform.get('/purchases?before')).status).toBe(200);
      over.abort();
      let isAnswered = false;
      for (const client of [clients.platform, clients.provisioner])
        void client.get('/purchases?after').finally(() => {
          isAnswered = true;
        });
      // What another client sends now is answered after them.
      await clientsOf(keys, origins).platform.get('/purchases?other');
      expect([isAnswered, paths]).toEqual([false, ['/purchases?before', '/purchases?other']]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }));
