import { Agent, type IncomingMessage, request } from 'node:http';

/** Idle connections end before the 5 s after which Node's servers drop them. */
export const agent = new Agent({ keepAlive: true, maxSockets: 256, timeout: 4_000 });

type Headers = Readonly<Record<string, string | number>>;

/** As Node's documentation has it: a kept connection may be closed by the other side just now, and then a new one is tried. */
function post(url: string, headers: Headers, body: string | Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers, agent }, resolve);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (outgoing.reusedSocket && error.code === 'ECONNRESET') resolve(post(url, headers, body));
      else reject(error);
    });
    outgoing.end(body);
  });
}

/** One request over a kept connection, by Node's own client: global `fetch` would cost several times as much. */
export async function send(
  url: string,
  headers: Headers,
  body: string | Uint8Array,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await post(url, headers, body);
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  const status = response.statusCode ?? 0;
  if (status >= 300) throw new Error(`${url} answered ${status}: ${text}`);
  return { status, text };
}

export function sendJson(url: string, body: unknown) {
  return send(url, { 'content-type': 'application/json' }, JSON.stringify(body));
}
