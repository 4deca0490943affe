import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** What a service was sent, as one text that repeats all of it. */
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly everything: string;
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

export interface EchoingServices {
  readonly apiIot: string;
  readonly payments: string;
  readonly smtpPort: number;
  readonly push: string;
  readonly webhook: string;
  readonly issuer: string;
  /** How often each was asked. */
  readonly asked: Record<'apiIot' | 'token' | 'payments' | 'smtp' | 'push' | 'webhook' | 'issuer', number>;
  close(): Promise<void>;
}

const json = (status: number, body: unknown, type = 'application/json'): Reply => ({
  status,
  body: JSON.stringify(body),
  type,
});

function decodedBasic({ authorization = '' }: IncomingHttpHeaders): string {
  return Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
}

/** Services that answer with an error in which they repeat what they were sent: credentials, tokens, addresses. */
export async function echoingServices(mark: string, paymentsUrl: string): Promise<EchoingServices> {
  const asked = { apiIot: 0, token: 0, payments: 0, smtp: 0, push: 0, webhook: 0, issuer: 0 };
  const servers: Server[] = [];
  const http = async (name: keyof typeof asked, answer: (sent: Sent) => Reply | Promise<Reply>) => {
    const server = createHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', async () => {
        asked[name] += 1;
        const { method = '', url: path = '', headers } = request;
        const everything = `${path} ${JSON.stringify(headers)} ${decodedBasic(headers)} ${body}`;
        const reply = await answer({ method, path, headers, body, everything });
        response.writeHead(reply.status, { 'content-type': reply.type ?? 'text/plain' }).end(reply.body);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const apiIot = await http('apiIot', ({ path, everything }) => {
    const type = 'urn:fleetwake:problem:invalid-configuration';
    if (path !== '/oauth/token')
      return json(422, { type, status: 422, detail: everything }, 'application/problem+json');
    asked.token += 1;
    return asked.token === 1
      ? json(500, { detail: everything })
      : json(200, { access_token: `${mark}-token`, token_type: 'Bearer' });
  });
  const payments = await http('payments', async ({ method, path, headers, body, everything }) => {
    if (asked.payments === 1)
      return json(401, {
        error: { type: 'invalid_request_error', message: `Invalid API Key provided: ${everything}` },
      });
    const { host: _, connection: __, 'content-length': ___, ...rest } = headers;
    const answer = await fetch(`${paymentsUrl}${path}`, {
      method,
      headers: rest as Record<string, string>,
      ...(body === '' ? {} : { body }),
    });
    return { status: answer.status, body: await answer.text(), type: 'application/json' };
  });
  const push = await http('push', ({ everything }) => ({ status: 500, body: everything }));
  // A refusal for good parks the event with its reason; an error before it is tried again.
  const webhook = await http('webhook', ({ everything }) => ({
    status: asked.webhook === 1 ? 500 : 400,
    body: everything,
  }));
  const issuer = await http('issuer', ({ everything }) => ({ status: 500, body: everything }));
  const smtp = createServer((socket) => {
    socket.write('220 here\r\n');
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const line = chunk.toString().trim();
      if (/^(EHLO|HELO)/.test(line)) return socket.write('250-here\r\n250 AUTH PLAIN LOGIN\r\n');
      asked.smtp += 1;
      const plain = Buffer.from(line.split(' ').at(-1) ?? '', 'base64')
        .toString()
        .replaceAll('\0', ' ');
      return socket.write(`535 5.7.8 refused: ${line} ${plain}\r\n`);
    });
  });
  servers.push(smtp);
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  return {
    ...{ apiIot, payments, push, webhook, issuer, asked },
    smtpPort: (smtp.address() as AddressInfo).port,
    async close() {
      for (const server of servers) {
        (server as { closeAllConnections?: () => void }).closeAllConnections?.();
        server.close();
      }
    },
  };
}
