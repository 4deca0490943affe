import {
  type Document,
  documentCheck,
  type Operation,
  type Parameter,
} from '../gateway/http/document-check.ts';
import { type Draw, hostileText, type KnownValues, mutated, schemaValue } from './drawn-values.ts';

export interface FuzzTarget {
  readonly document: Document;
  readonly known: KnownValues;
  /** Values of Authorization: of clients, of customers, and none. */
  readonly authorizations: readonly (string | null)[];
  readonly send: (request: Request) => Promise<Response>;
  readonly origin: string;
  /** Called before each request, to advance the services. */
  readonly step: (count: number) => Promise<void>;
}

interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const rawBodies = [
  '',
  '{',
  '[]',
  'null',
  '{"a":1,"a":2}',
  '\ufeff{}',
  '"x"',
  '1e999',
  `{"a":"${'x'.repeat(70_000)}"}`,
  '[[[[[[]]]]]]',
];

function parameterText(draw: Draw, target: FuzzTarget, { name, schema }: Parameter): string {
  if (draw.chance(0.15)) return hostileText(draw);
  return String(schemaValue(draw, target.document, schema as Record<string, unknown>, target.known, name));
}

function pathOf(draw: Draw, target: FuzzTarget, template: string, { parameters = [] }: Operation): string {
  const path = template.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
    return parameter === undefined
      ? name
      : encodeURIComponent(wellFormed(parameterText(draw, target, parameter)));
  });
  const query = new URLSearchParams();
  for (const parameter of parameters)
    if (parameter.in === 'query' && draw.chance(parameter.required ? 0.9 : 0.4))
      query.append(parameter.name, parameterText(draw, target, parameter));
  if (draw.chance(0.05)) query.append(hostileText(draw), hostileText(draw));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A URL cannot hold half a character. */
const wellFormed = (text: string) => text.replace(/\p{Cs}/gu, '\ufffd');

function headersOf(draw: Draw, target: FuzzTarget, { parameters = [] }: Operation): Record<string, string> {
  const headers: Record<string, string> = {};
  const authorization = draw.chance(0.9) ? target.authorizations[0] : draw.pick(target.authorizations);
  if (typeof authorization === 'string') headers.authorization = authorization;
  for (const parameter of parameters) {
    if (parameter.in !== 'header' || draw.chance(0.6)) continue;
    const text = draw.chance(0.7)
      ? draw.pick(['key-1', 'key-2', `key-${draw.below(1_000)}`])
      : hostileText(draw);
    headers[parameter.name] =
      parameter.name === 'prefer' ? draw.pick(['wait=0', 'respond-async', 'wait', '']) : text;
  }
  return headers;
}

function bodyOf(
  draw: Draw,
  target: FuzzTarget,
  operation: Operation,
): Pick<FuzzRequest, 'body'> & { type: string } {
  const [type = 'application/json', media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const sentType = draw.chance(0.95)
    ? type
    : draw.pick(['text/plain', 'application/xml', '', 'application/json; charset=latin1']);
  if (media?.schema === undefined)
    return { body: draw.chance(0.9) ? null : draw.pick(rawBodies), type: sentType };
  if (draw.chance(0.04)) return { body: draw.pick(rawBodies), type: sentType };
  let value = schemaValue(draw, target.document, media.schema as Record<string, unknown>, target.known);
  if (draw.chance(0.5)) value = mutated(draw, value);
  if (type.includes('form')) return { body: formText(value), type: sentType };
  return { body: (JSON.stringify(value) as string | undefined) ?? null, type: sentType };
}

/** Undefined for what JSON has no text for. */
const jsonText = (value: unknown) =>
  typeof value === 'string' ? value : (JSON.stringify(value) as string | undefined);

function formText(value: unknown): string {
  const form = new URLSearchParams();
  for (const [name, one] of Object.entries((value ?? {}) as object))
    form.append(wellFormed(name), wellFormed(jsonText(one) ?? ''));
  return form.toString();
}

function drawRequest(draw: Draw, target: FuzzTarget): FuzzRequest {
  const templates = Object.entries(target.document.paths);
  const [template, operations] = draw.pick(templates);
  const [method, operation] = draw.pick(Object.entries(operations));
  const path = draw.chance(0.01)
    ? `/${encodeURIComponent(wellFormed(hostileText(draw)))}`
    : pathOf(draw, target, template, operation);
  const { body, type } = bodyOf(draw, target, operation);
  const sentMethod = draw.chance(0.97) ? method.toUpperCase() : draw.pick(methods);
  const isBodiless = sentMethod === 'GET' || sentMethod === 'HEAD';
  return {
    method: sentMethod,
    path,
    headers: {
      ...headersOf(draw, target, operation),
      ...(isBodiless || type === '' ? {} : { 'content-type': type }),
    },
    body: isBodiless ? null : body,
  };
}

export interface FuzzResult {
  readonly statuses: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const faultsMax = 20;
const requestMs = 10_000;

/** Requests by the document, most of them nearly right; the answers are held against it. */
export async function fuzzHttp(draw: Draw, target: FuzzTarget, count: number): Promise<FuzzResult> {
  const check = documentCheck(target.document);
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  for (let done = 0; done < count && faults.length < faultsMax; done += 1) {
    await target.step(done);
    const drawn = drawRequest(draw, target);
    const request = requestOf(target.origin, drawn);
    if (request === null) continue;
    const response = await withinTime(target.send(request));
    if (response === null) {
      faults.push(`${describe(drawn)}: no answer within ${requestMs} ms`);
      continue;
    }
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
    const body = await textOf(response);
    // A URL is normalised before it is sent: `/a/./b` is `/a/b`.
    const { pathname, search } = new URL(request.url);
    const sent = { ...drawn, path: `${pathname}${search}` };
    faults.push(...faultsOf(check, sent, response, body).map((fault) => `${fault}\n  ${describe(drawn)}`));
  }
  return { statuses, faults };
}

function faultsOf(
  check: ReturnType<typeof documentCheck>,
  { method, path }: FuzzRequest,
  response: Response,
  body: string,
): string[] {
  const { status } = response;
  if (status >= 500 && status !== 503) return [`${method} ${path} ${status}: ${body}`];
  // HEAD is GET without its body; a method that is not there is 405, a path 404: neither belongs to an operation.
  const documented = method === 'HEAD' ? 'GET' : method;
  if (check.operationOf(documented, path) === null) {
    const isExpected = [404, 405, 413, 431, 200, 204, 400].includes(status);
    return isExpected ? [] : [`${method} ${path} ${status}: not an operation, and not refused as none`];
  }
  return method === 'HEAD' ? [] : check.answerFaults(method, path, response, body);
}

/** Null where the platform itself cannot make such a request (a header with a line break). */
function requestOf(origin: string, { method, path, headers, body }: FuzzRequest): Request | null {
  try {
    return new Request(`${origin}${path}`, { method, headers, ...(body === null ? {} : { body }) });
  } catch {
    return null;
  }
}

async function withinTime(answer: Promise<Response>): Promise<Response | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), requestMs);
  });
  const first = await Promise.race([answer, late]);
  clearTimeout(timer);
  return first;
}

/** A stream of events has no end: it is closed, as a client does. */
async function textOf(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.text();
  await response.body?.cancel();
  return 'stream';
}

const describe = ({ method, path, headers, body }: FuzzRequest) =>
  `${method} ${path.slice(0, 200)} ${JSON.stringify(headers).replace(/Bearer [^"]+/, 'Bearer …')} ${(body ?? '').slice(0, 600)}`;
