import { z } from 'zod';
import { parseJsonText } from '../../shared/protocol/json.ts';

/** What is broken in a report of a run or a check, by its name: the same finding has the same name in another report. */
const reportSchema = z.looseObject({
  checks: z.array(z.looseObject({ id: z.number(), title: z.string(), ok: z.boolean() })).optional(),
  expectations: z.array(z.looseObject({ text: z.string(), ok: z.boolean() })).optional(),
  failures: z.array(z.looseObject({ rule: z.string() })).optional(),
  corpus: z.array(z.looseObject({ file: z.string(), broken: z.unknown() })).optional(),
  probesMissed: z.array(z.string()).optional(),
});

/** Returns the findings of a report's JSON, each once; none where it is no report. */
export function findingsOf(text: string): string[] {
  const parsed = reportSchema.safeParse(parseJsonText(text));
  if (!parsed.success) return [];
  const { checks = [], expectations = [], failures = [], corpus = [], probesMissed = [] } = parsed.data;
  return [
    ...new Set([
      ...checks.filter(({ ok }) => !ok).map(({ id, title }) => `rule ${id}: ${title}`),
      ...expectations.filter(({ ok }) => !ok).map(({ text: expected }) => expected),
      ...failures.map(({ rule }) => rule),
      ...corpus.filter(({ broken }) => broken !== null).map(({ file }) => `saved failure ${file}`),
      ...probesMissed.map((name) => `probe at zero: ${name}`),
    ]),
  ];
}

/** Returns which findings are only in the second report, in both, and only in the first. */
export function comparedFindings(before: readonly string[], after: readonly string[]) {
  return {
    new: after.filter((name) => !before.includes(name)),
    known: after.filter((name) => before.includes(name)),
    resolved: before.filter((name) => !after.includes(name)),
  };
}
