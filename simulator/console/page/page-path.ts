/** Values of the segments of a path that its pattern names with a colon. */
export type PageParameters = Readonly<Record<string, string>>;

/** Returns the parameters of `path` where it follows `pattern`, else null. `/vehicles/:vin` takes exactly two segments. */
export function parametersOf(pattern: string, path: string): PageParameters | null {
  const expected = pattern.split('/');
  const given = path.split('/');
  if (expected.length !== given.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const value = given[index] ?? '';
    if (!segment.startsWith(':')) {
      if (segment !== value) return null;
      continue;
    }
    const decoded = decodedSegment(value);
    if (decoded === null || decoded === '') return null;
    parameters[segment.slice(1)] = decoded;
  }
  return parameters;
}

/** Null where the percent-encoding is broken. */
function decodedSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
