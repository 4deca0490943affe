import { connect } from 'node:net';
import type { Draw } from './drawn-values.ts';

/** Bytes that hold no request, or one that Node's parser, an encoding or a limit refuses. */
const pieces = [
  '\r\n',
  '\n',
  '\0',
  '\u00ff\u00fe',
  'Content-Length: 5\r\n',
  'Content-Length: -1\r\n',
  'Content-Length: 1e3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Expect: 100-continue\r\n',
  'Expect: a-miracle\r\n',
  'Host: evil.example\r\n',
  'Host: 127.0.0.1\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\n',
  'Content-Encoding: gzip\r\n',
  'Range: bytes=0-0\r\n',
  'Authorization: Bearer \u00e9\r\n',
  'Idempotency-Key: "\u00e9"\r\n',
  `X-Long: ${'x'.repeat(17_000)}\r\n`,
  ' : \r\n',
  'ffffffffffffffff\r\n',
  '0\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
];

const targets = [
  '/',
  '*',
  '/%00',
  '/%ff',
  '/a\\b',
  '//',
  '/a b',
  'http://127.0.0.1/x',
  '/\u00e9',
  '/?%',
  '/purchases?x=%00',
];

/** The bytes of a request, mostly a good one with some of them changed, in Latin-1. */
export function rawRequest(draw: Draw, paths: readonly string[], authorization: string): Buffer {
  const method = draw.pick([
    'GET',
    'POST',
    'PUT',
    'HEAD',
    'OPTIONS',
    'DELETE',
    'TRACE',
    'CONNECT',
    'get',
    'G\0T',
  ]);
  const target = draw.chance(0.7) ? draw.pick(paths) : draw.pick(targets);
  const version = draw.chance(0.9) ? 'HTTP/1.1' : draw.pick(['HTTP/1.0', 'HTTP/0.9', 'HTTP/2', '']);
  const body = draw.pick(['', '{}', '{"a":"\u00e9"}', '{"a":"\\u0000"}', '\u00ff\u00fe{', '[1e999]']);
  const headers = [
    'Host: 127.0.0.1\r\n',
    draw.chance(0.8) ? `Authorization: ${authorization}\r\n` : '',
    `Content-Type: ${draw.pick(['application/json', 'application/json; charset=latin1', 'text/plain', ';'])}\r\n`,
    draw.chance(0.8) ? `Content-Length: ${body.length}\r\n` : '',
    'Connection: close\r\n',
  ];
  let text = `${method} ${target} ${version}\r\n${headers.join('')}\r\n${body}`;
  for (let changes = draw.below(4); changes > 0; changes -= 1) {
    const at = draw.below(text.length + 1);
    const lineEnd = text.indexOf('\r\n', at);
    if (draw.chance(0.2)) text = text.slice(0, at);
    else if (draw.chance(0.6) && lineEnd !== -1)
      text = text.slice(0, lineEnd + 2) + draw.pick(pieces) + text.slice(lineEnd + 2);
    else text = text.slice(0, at) + draw.pick(pieces) + text.slice(at + draw.below(3));
  }
  return Buffer.from(text, 'latin1');
}

/** Sends the bytes, ends the sending side, and resolves with every answer until the connection closed. */
export function answerTo(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    // A cut connection is an answer too.
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}
