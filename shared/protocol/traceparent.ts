const shape = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A W3C Trace Context header as it came in, to be passed on; undefined when absent or malformed (then it is dropped). */
export function traceparentOf(header: string | undefined): string | undefined {
  return header !== undefined && shape.test(header) ? header : undefined;
}
