import { type Mistake, mistakesOf, pathText, shorten } from '../../shared/files/mistake.ts';
import { type FactType, factTypes, type LogFact, logFactSchema } from './log-schema.ts';

/** A fact, and the line of the log on which it stands. */
export interface LoggedFact {
  readonly line: number;
  readonly fact: LogFact;
}

export type LogReading =
  | { readonly ok: true; readonly facts: readonly LoggedFact[] }
  /** A sentence each: `run.jsonl:3: vin is missing; write a text`. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** So many mistakes are named. */
const shownMax = 20;

/** Reads the log of an engine of the user's own: JSON lines, a fact each. Every mistake is named with its line. */
export function readEngineLog(file: string, text: string): LogReading {
  const facts: LoggedFact[] = [];
  const mistakes: string[] = [];
  for (const [index, written] of text.split('\n').entries()) {
    if (written.trim() === '') continue;
    const line = index + 1;
    const reading = factIn(written);
    if ('fact' in reading) facts.push({ line, fact: reading.fact });
    else mistakes.push(...reading.mistakes.map((mistake) => `${file}:${line}: ${mistake}`));
  }
  if (mistakes.length === 0) {
    mistakes.push(...danglingNames(facts).map(({ line, mistake }) => `${file}:${line}: ${mistake}`));
    if (!facts.some(({ fact }) => fact.type === 'purchase'))
      mistakes.push(
        `${file}: has no fact of the type purchase, so that nothing is judged; log each purchase`,
      );
  }
  return mistakes.length > 0 ? { ok: false, mistakes: mistakes.slice(0, shownMax) } : { ok: true, facts };
}

function factIn(written: string): { readonly fact: LogFact } | { readonly mistakes: readonly string[] } {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    return { mistakes: [`"${shorten(written)}" is not JSON; write one JSON object a line`] };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { mistakes: [`"${shorten(written)}" is no JSON object; write one JSON object a line`] };
  const { type } = value as { type?: unknown };
  if (!factTypes.some((known) => known === type)) {
    const what = type === undefined ? 'is missing' : `is ${JSON.stringify(type)}`;
    return { mistakes: [`type ${what}; write one of ${factTypes.join(', ')}`] };
  }
  const parsed = logFactSchema.safeParse(value);
  if (parsed.success) return { fact: parsed.data };
  const sentence = ({ path, text }: Mistake) => `${pathText(path)} ${text}`;
  return { mistakes: mistakesOf(parsed.error, value, `a fact of the type ${String(type)}`).map(sentence) };
}

interface NamedMistake {
  readonly line: number;
  readonly mistake: string;
}

/** Ids that two facts have, and names of payments and commands that no fact has. */
function danglingNames(facts: readonly LoggedFact[]): NamedMistake[] {
  return [
    ...repeatedIds(facts, 'payment'),
    ...repeatedIds(facts, 'command'),
    ...unknownNames(facts, 'payment', (fact) => (fact.type === 'money' ? fact.payment : null)),
    ...unknownNames(facts, 'command', (fact) => (fact.type === 'result' ? fact.command : null)),
  ].sort((one, other) => one.line - other.line);
}

type WithId = Extract<FactType, 'payment' | 'command'>;

const idOf = (fact: LogFact, type: WithId) => (fact.type === type ? fact.id : null);

function repeatedIds(facts: readonly LoggedFact[], type: WithId): NamedMistake[] {
  const lines = new Map<string, number>();
  return facts.flatMap(({ fact, line }): NamedMistake[] => {
    const id = idOf(fact, type);
    if (id === null) return [];
    const before = lines.get(id);
    lines.set(id, line);
    if (before === undefined) return [];
    return [
      { line, mistake: `id is "${id}" as on line ${before}; write each ${type} once, with an id of its own` },
    ];
  });
}

function unknownNames(
  facts: readonly LoggedFact[],
  type: WithId,
  nameIn: (fact: LogFact) => string | null,
): NamedMistake[] {
  const ids = new Set(facts.map(({ fact }) => idOf(fact, type)));
  return facts.flatMap(({ fact, line }): NamedMistake[] => {
    const name = nameIn(fact);
    if (name === null || ids.has(name)) return [];
    return [
      {
        line,
        mistake: `${type} is "${name}", and no fact of the type ${type} has this id; log the ${type} too`,
      },
    ];
  });
}
