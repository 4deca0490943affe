import { Agent, type IncomingMessage, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** One request over a kept connection, by Node's own client: global `fetch` would cost several times as much. */
export async function send(
  url: string,
  headers: Readonly<Record<string, string | number>>,
  body: string | Uint8Array,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers, agent }, resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
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
