import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';

/** The names that paths, headers and bodies may use. */
export const placeholders = [
  'vin',
  'feature',
  'target',
  'parameters',
  'reference',
  'key',
  'traceparent',
  'displayReceiving',
  'displayApplied',
  'callbackUrl',
  'commandId',
  'clientId',
  'clientSecret',
] as const;
export type Placeholder = (typeof placeholders)[number];

/** What is filled in; a name without a value leaves its field out. */
export type Values = Readonly<Partial<Record<Placeholder, unknown>>>;

const named = /\{([A-Za-z]+)\}/g;
const whole = /^\{([A-Za-z]+)\}$/;

/** Returns the names that a template uses. */
export function namesIn(template: unknown): string[] {
  if (typeof template === 'string') return [...template.matchAll(named)].map(([, name = '']) => name);
  if (typeof template !== 'object' || template === null) return [];
  return Object.values(template).flatMap(namesIn);
}

/** Fills a path; a value is percent-encoded. */
export function pathFiller(path: string): (values: Values) => string {
  return (values) =>
    path.replaceAll(named, (_, name: string) =>
      encodeURIComponent(String(values[name as Placeholder] ?? '')),
    );
}

/** Fills headers; one whose name has no value is left out. */
export function headersFiller(
  headers: Readonly<Record<string, string>>,
): (values: Values) => Record<string, string> {
  const entries = Object.entries(headers).map(([name, text]) => [name.toLowerCase(), filler(text)] as const);
  return (values) => {
    const filled: Record<string, string> = {};
    for (const [name, fill] of entries) {
      const value = fill(values);
      if (value !== undefined) filled[name] = String(value);
    }
    return filled;
  };
}

/**
 * Compiles a body. A text that is one name becomes the value itself, of any type; a field, and an object, of which nothing is
 * left is left out.
 */
export function filler(template: unknown): (values: Values) => unknown {
  if (typeof template === 'string') return textFiller(template);
  if (Array.isArray(template)) {
    const items = template.map(filler);
    return (values) => items.map((fill) => fill(values)).filter((item) => item !== undefined);
  }
  if (typeof template !== 'object' || template === null) return () => template;
  const entries = Object.entries(template).map(([key, value]) => [key, filler(value)] as const);
  return (values) => {
    const filled: Record<string, unknown> = {};
    for (const [key, fill] of entries) {
      const value = fill(values);
      if (value !== undefined) filled[key] = value;
    }
    return entries.length > 0 && Object.keys(filled).length === 0 ? undefined : filled;
  };
}

function textFiller(text: string): (values: Values) => unknown {
  const [, only] = whole.exec(text) ?? [];
  if (only !== undefined) return (values) => values[only as Placeholder];
  const names = namesIn(text) as Placeholder[];
  if (names.length === 0) return () => text;
  return (values) =>
    names.some((name) => values[name] === undefined)
      ? undefined
      : text.replaceAll(named, (_, name: string) => String(values[name as Placeholder]));
}

/** Returns what a configure request fills in. */
export function valuesOf(request: ConfigureRequest): Values {
  const [feature] = request.features;
  return {
    reference: request.reference,
    feature: feature?.feature,
    target: feature?.target,
    parameters: feature?.parameters,
    displayReceiving: request.display?.receiving,
    displayApplied: request.display?.applied,
    callbackUrl: request.callbackUrl,
  };
}
