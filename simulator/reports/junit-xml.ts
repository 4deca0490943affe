import junit, { type Builder } from 'junit-report-builder';
import { isoText } from '../../shared/protocol/instant.ts';
import { printable, type TestSuite } from './test-suite.ts';

/** Stands for `]]>` until the text is built: the package splits only the first one of a CDATA section. */
const sectionEnd = '\ue000]]\ue001\ue000';

/** JUnit XML as CI systems read it. */
export function junitXml(suites: readonly TestSuite[]): string {
  // The package's types declare an ES module; Node gets its CommonJS, whose one export is the builder.
  const builder = (junit as unknown as Builder).newBuilder();
  for (const suite of suites) addSuite(builder, suite);
  return `${builder.build().trimEnd().replaceAll(sectionEnd, ']]]]><![CDATA[>')}\n`;
}

function addSuite(builder: Builder, { name, startedAt, tookSeconds, properties, cases }: TestSuite): void {
  const suite = builder.testSuite().name(printable(name));
  if (startedAt !== undefined) suite.timestamp(isoText(startedAt));
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
