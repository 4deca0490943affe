/** Results as CI systems show them, of a run or a check. JUnit XML and CTRF are written from it. */
export interface TestSuite {
  readonly name: string;
  /** Epoch milliseconds; left out where it is not known. */
  readonly startedAt?: number;
  readonly tookSeconds: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly TestResult[];
}

export interface TestResult {
  readonly className: string;
  readonly name: string;
  readonly outcome: 'passed' | 'skipped' | TestFailure;
}

export interface TestFailure {
  readonly message: string;
  readonly kind: string;
  /** What a reader of the failure sees. */
  readonly text: string;
}

/** Texts that vehicles send may have control characters, for which neither XML nor a terminal has a place. */
export function printable(text: string): string {
  return text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '\ufffd');
}
