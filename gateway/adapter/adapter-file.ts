import type { z } from 'zod';
import { type Mistake, mistakesOf, pathText } from '../../shared/files/mistake.ts';
import { readTextFile, TextFileError } from '../../shared/files/text-file.ts';
import { readYaml } from '../../shared/files/yaml-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { type Adapter, compileAdapter } from './adapter.ts';
import { checkAdapter } from './adapter-checks.ts';
import { adapterSchema } from './adapter-schema.ts';

export type AdapterReading =
  | {
      readonly ok: true;
      readonly adapter: Adapter;
      /** `placeOf(['command', 'id'])` is where the file says it: `my.yaml:12:7`. */
      readonly placeOf: (path: Mistake['path']) => string;
    }
  /** A sentence each: `my.yaml:12:7: command.id is "/idd", which finds nothing in …`. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

const mistakesMax = 20;
/** A description with long examples has about 20 kB; a file beyond this is something else. */
const fileMaxBytes = 1_000_000;

/** Reads an adapter: YAML 1.2, of which JSON is a part. Everything is checked at once. `file` is how the sentences call it. */
export function readAdapter(text: string, file: string): AdapterReading {
  const yaml = readYaml(text, file);
  if (!yaml.ok) return failed(yaml.mistakes);
  const { value, placeOf: at } = yaml.file;
  const sentence = (mistake: Mistake) =>
    `${at(mistake)}: ${pathText(mistake.path) || 'the adapter'} ${mistake.text}`;
  const parsed = adapterSchema.safeParse(value, withSimilarFields);
  if (!parsed.success) {
    const error = { ...parsed.error, issues: parsed.error.issues.flatMap(insideUnion) };
    return failed(mistakesOf(error, value, 'an adapter').map(sentence));
  }
  const mistakes = checkAdapter(parsed.data);
  if (mistakes.length > 0) return failed(mistakes.map(sentence));
  return { ok: true, adapter: compileAdapter(parsed.data), placeOf: (path) => at({ path }) };
}

/** Reads the adapter at a path. */
export function readAdapterFile(path: string): AdapterReading {
  try {
    return readAdapter(readTextFile(path, fileMaxBytes), path);
  } catch (error) {
    const isOfFile = error instanceof TextFileError || (error as NodeJS.ErrnoException).code !== undefined;
    if (!isOfFile) throw error;
    const text = fileErrorText(error);
    const fix = text.includes(';') ? '' : '; give an adapter file (docs/own-api-iot.md)';
    return { ok: false, mistakes: [`${path}: ${text}${fix}`] };
  }
}

/** A token request with a mistake in it is still a token request: the mistake is named, and not the choice. */
function insideUnion(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const branch = issue.errors.find((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return branch ? branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) : [issue];
}

function failed(mistakes: readonly string[]): Extract<AdapterReading, { ok: false }> {
  const more = new Set(mistakes).size - mistakesMax;
  const once = [...new Set(mistakes)];
  return {
    ok: false,
    mistakes: [...once.slice(0, mistakesMax), ...(more > 0 ? [`and ${more} more`] : [])],
  };
}
