const namedMax = 5;

/** Returns the first names of a list and how many more there are, for a sentence: `a, b and c`, `a, b, c, d, e and 3 more`. */
export function someOf(names: readonly string[]): string {
  if (names.length > namedMax)
    return `${names.slice(0, namedMax).join(', ')} and ${names.length - namedMax} more`;
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
