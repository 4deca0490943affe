import { isNode, LineCounter, parseDocument } from 'yaml';

/** Returns the line (from 1) of what a JSON or YAML text holds at a path, or of the nearest thing around it. */
export function lineIn(text: string, path: readonly (string | number)[]): number {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** Returns the path that a field name says: `services[0].offers[1].price`, or `0.shifts.1.from`. */
export function pathOf(field: string): (string | number)[] {
  return [...field.matchAll(/[^.[\]]+/g)].map(([key]) => (/^\d+$/.test(key) ? Number(key) : key));
}
