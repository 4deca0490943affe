import junit, { type Builder } from 'junit-report-builder';

export interface JunitSuite {
  readonly name: string;
  readonly timestamp?: string;
  readonly tookSeconds: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly JunitCase[];
}

export interface JunitCase {
  readonly className: string;
  readonly name: string;
  readonly outcome: 'passed' | 'skipped' | JunitFailure;
}

interface JunitFailure {
  readonly message: string;
  readonly kind: string;
  /** What a reader of the failure sees. */
  readonly text: string;
}

/** Stands for `]]>` until the text is built: the package splits only the first one of a CDATA section. */
const sectionEnd = '\ue000]]\ue001\ue000';

/** JUnit XML as CI systems read it. */
export function junitXml(suites: readonly JunitSuite[]): string {
  // The package's types declare an ES module; Node gets its CommonJS, whose one export is the builder.
  const builder = (junit as unknown as Builder).newBuilder();
  for (const suite of suites) addSuite(builder, suite);
  return `${builder.build().trimEnd().replaceAll(sectionEnd, ']]]]><![CDATA[>')}\n`;
}

function addSuite(builder: Builder, { name, timestamp, tookSeconds, properties, cases }: JunitSuite): void {
  const suite = builder.testSuite().name(printable(name));
  if (timestamp !== undefined) suite.timestamp(timestamp);
  suite.time(tookSeconds);
  for (const [key, value] of Object.entries(properties)) suite.property(key, printable(value));
  for (const { className, name: title, outcome } of cases) {
    const one = suite.testCase().className(className).name(printable(title)).time(0);
    if (outcome === 'skipped') one.skipped();
    if (typeof outcome === 'string') continue;
    one.failure(printable(outcome.message), outcome.kind);
    one.stacktrace(printable(outcome.text).replaceAll(']]>', sectionEnd));
  }
}

/** XML has no place for control characters, and what a vehicle says may have some. */
function printable(text: string): string {
  return text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '\ufffd');
}
