import type { LiveHttp } from '../../shared/live/http.ts';
import type { Address, Handler, HttpServer, Shed } from '../../shared/live/http-server.ts';

/** Under load, when turns are long, so many times as many clients get their connection in the same time. */
const accepts = 32;

export interface LateServer extends HttpServer {
  /** What answers from now on; until then every request is answered 503. */
  handle(handler: Handler, shed?: Shed): void;
}

/**
 * Listens before its handler exists, because an app must know its own origin and port 0 gives one only then. Requests
 * of this process to the origin are direct calls, without a socket.
 */
export async function listen(http: LiveHttp, address: Address): Promise<LateServer> {
  let handler: Handler = () => new Response('Starting', { status: 503, headers: { 'retry-after': '1' } });
  let shed: Shed = () => null;
  const server = await http.serve((request) => handler(request), {
    ...address,
    accepts,
    shed: (method, target) => shed(method, target),
  });
  http.mount(server.origin, (request) => handler(request));
  return {
    origin: server.origin,
    port: server.port,
    close: (drainMs) => server.close(drainMs),
    handle(next, nextShed = () => null) {
      handler = next;
      shed = nextShed;
    },
  };
}
