import type { ErrorsFile, terminalCategories } from './adapter-schema.ts';

/** What an adapter says of a status or a code. */
export type CodeMeaning = 'rate_limit' | 'retryable' | (typeof terminalCategories)[number];

export interface CodeTable {
  /** The meaning of the first of these that the adapter lists, or null. */
  find(said: readonly unknown[]): CodeMeaning | null;
}

/** Compiles the lists of statuses and codes. A code stands for itself, whether the answer has it as a number or as a text. */
export function codeTable({ rateLimit, retryable, terminal }: ErrorsFile): CodeTable {
  const meanings = new Map<string, CodeMeaning>();
  const add = (meaning: CodeMeaning, listed: readonly (string | number)[] | undefined) => {
    for (const code of listed ?? []) meanings.set(String(code), meaning);
  };
  for (const [category, listed] of Object.entries(terminal)) add(category as CodeMeaning, listed);
  add('retryable', retryable);
  add('rate_limit', rateLimit);
  return {
    find(said) {
      for (const one of said) {
        const meaning =
          typeof one === 'string' || typeof one === 'number' ? meanings.get(String(one)) : undefined;
        if (meaning !== undefined) return meaning;
      }
      return null;
    },
  };
}
