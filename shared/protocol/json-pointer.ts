import jsonpointer from 'jsonpointer';

/** Reads what a JSON Pointer (RFC 6901) leads to; undefined where it finds nothing. */
export type PointerReader = (document: unknown) => unknown;

/** Says whether a text is a JSON Pointer: empty (the whole document), or `/` and a name, and so on. */
export function isPointer(text: string): boolean {
  return /^(\/([^~/]|~[01])*)*$/.test(text);
}

/** Compiles a JSON Pointer once, so that reading with it costs a walk and no parsing. */
export function pointerReader(pointer: string): PointerReader {
  if (pointer === '') return (document) => document;
  const compiled = jsonpointer.compile(pointer);
  return (document) => {
    if (typeof document !== 'object' || document === null) return undefined;
    const value: unknown = compiled.get(document);
    // What every object and list inherits stands in no document.
    return typeof value === 'function' ? undefined : value;
  };
}
