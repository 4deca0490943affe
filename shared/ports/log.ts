/** Structured log lines; in the virtual environment they are the trace. */
export interface Log {
  /** `event` is a stable dotted name (`activation.sent`), fields are plain data without secrets. */
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

export const silentLog: Log = { info() {}, warn() {}, error() {} };
