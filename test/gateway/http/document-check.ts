import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

interface Media {
  readonly schema?: object;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: object;
}

export interface Operation {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Readonly<Record<string, Media>>;
        readonly headers?: Readonly<Record<string, object>>;
      }
    >
  >;
}

/** What a validating proxy has to say about one exchange; empty when both sides keep the document. */
export interface DocumentCheck {
  /** The operation behind a path, by the document's templates; null for what it does not have. */
  operationOf(
    method: string,
    path: string,
  ): { readonly template: string; readonly operation: Operation } | null;
  /** Whether a request body follows its schema. */
  takes(method: string, path: string, body: unknown): string[];
  answerFaults(method: string, path: string, response: Response, body: string): string[];
}

/** Headers that every answer may carry. */
const generalHeaders = new Set([
  'content-type',
  'content-length',
  'cache-control',
  'pragma',
  'vary',
  'date',
  'connection',
  'transfer-encoding',
]);
const freeHeaders = /^(access-control-|content-|x-content-type|referrer-policy)/;

const pointerOf = (...keys: string[]) =>
  keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

export function documentCheck(document: Document): DocumentCheck {
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addFormat('idn-email', (text: string) => /^[^@\s]+@[^@\s]+$/.test(text));
  ajv.addSchema(document, 'document');
  const compiled = new Map<string, ValidateFunction>();
  const validator = (...keys: string[]) => {
    const pointer = pointerOf(...keys);
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `document#${encodeURI(pointer)}` });
    compiled.set(pointer, known);
    return known;
  };
  const templates = Object.keys(document.paths).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  }));
  const check: DocumentCheck = {
    operationOf(method, path) {
      const plain = path.split('?')[0] ?? '';
      const exact = templates.find(({ template }) => template === plain);
      const found = exact ?? templates.find(({ pattern }) => pattern.test(plain));
      const operation = found && document.paths[found.template]?.[method.toLowerCase()];
      return found && operation ? { template: found.template, operation } : null;
    },
    takes(method, path, body) {
      const found = check.operationOf(method, path);
      if (!found?.operation.requestBody?.content['application/json']) return [];
      const keys = [
        'paths',
        found.template,
        method.toLowerCase(),
        'requestBody',
        'content',
        'application/json',
        'schema',
      ];
      const validate = validator(...keys);
      return validate(body) ? [] : [`the request of ${method} ${path}: ${ajv.errorsText(validate.errors)}`];
    },
    answerFaults(method, path, response, body) {
      const where = `${method} ${path} ${response.status}`;
      const found = check.operationOf(method, path);
      if (found === null) return [`${where}: the document has no such operation`];
      const status = String(response.status);
      const documented = found.operation.responses[status];
      if (documented === undefined) return [`${where}: the status is not documented: ${body.slice(0, 300)}`];
      const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
      const types = Object.keys(documented.content ?? {});
      const names = new Set(Object.keys(documented.headers ?? {}).map((name) => name.toLowerCase()));
      const strange = [...response.headers.keys()].filter(
        (name) => !generalHeaders.has(name) && !freeHeaders.test(name) && !names.has(name),
      );
      const faults = strange.map((name) => `${where}: the header ${name} is not documented`);
      if (types.length === 0 ? body !== '' : !types.includes(type))
        return [
          ...faults,
          `${where}: the type ${type} is not documented, ${types.join(', ') || 'no body'} is`,
        ];
      if (!type.endsWith('json') || method === 'HEAD') return faults;
      const keys = [
        'paths',
        found.template,
        method.toLowerCase(),
        'responses',
        status,
        'content',
        type,
        'schema',
      ];
      const validate = validator(...keys);
      const isFit = validate(JSON.parse(body));
      return isFit
        ? faults
        : [...faults, `${where}: ${ajv.errorsText(validate.errors)} in ${body.slice(0, 300)}`];
    },
  };
  return check;
}
