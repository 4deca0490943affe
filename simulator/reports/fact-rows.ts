import type { RunReport } from './run-report.ts';
import { uncompressedTime } from './scenario-time.ts';
import { money } from './verdict.ts';

/** Returns the statistics as rows; a row with an empty name continues the row above. */
export function factRows(report: RunReport): [string, string][] {
  const { notices, tickets, revocations, reactivations, timeToActiveMs: waits } = report;
  const kinds = Object.entries(notices).map(
    ([kind, { email, push }]) => `${kind.replaceAll('_', ' ')} ${email} by e-mail and ${push} by push`,
  );
  return [
    ['Outcomes', counts(report.outcomes)],
    [
      'Attempts',
      Object.entries(report.attempts)
        .map(([number, count]) => `${count} × ${number}`)
        .join(', ') || 'none',
    ],
    [
      'Time to active',
      `p50 ${ms(waits.p50)}, p95 ${ms(waits.p95)}, p99 ${ms(waits.p99)}, longest ${ms(waits.longest)}`,
    ],
    ...Object.entries(report.money).map(([currency, totals]): [string, string] => [
      'Money',
      [
        `authorised ${money(totals.authorisedMinor, currency)}`,
        `captured ${money(totals.capturedMinor, currency)}`,
        `voided ${money(totals.voidedMinor, currency)}`,
        `refunded ${money(totals.refundedMinor, currency)}`,
        `kept ${money(totals.keptMinor, currency)}`,
      ].join(', '),
    ]),
    ...kinds.map((text, index): [string, string] => [index === 0 ? 'Notices' : '', text]),
    ...(report.noticesGivenUp === 0 ? [] : [['', `${report.noticesGivenUp} given up`] as [string, string]]),
    ['Tickets', `${tickets.HIGH} HIGH, ${tickets.MEDIUM} MEDIUM`],
    [
      'Revocations',
      `${revocations.done} done, ${revocations.superseded} superseded, ${revocations.open} open`,
    ],
    ...(reactivations.done + reactivations.failed + reactivations.open === 0
      ? []
      : [
          [
            'Reactivations',
            `${reactivations.done} done, ${reactivations.failed} failed, ${reactivations.open} open`,
          ] as [string, string],
        ]),
    ...(report.actions.length === 0 ? [] : [['Actions', actionsText(report)] as [string, string]]),
    ['Vehicle faults', counts(report.faults.vehicles)],
    ['API IoT faults', counts(report.faults.apiIot)],
    ...(counts(report.faults.payments) === 'none'
      ? []
      : [['Payments faults', counts(report.faults.payments)] as [string, string]]),
    ...(counts(report.faults.platform ?? {}) === 'none'
      ? []
      : [['Platform faults', counts(report.faults.platform ?? {})] as [string, string]]),
    ...(counts(report.faults.channels) === 'none'
      ? []
      : [['Mail and push faults', counts(report.faults.channels)] as [string, string]]),
  ];
}

/** The same, each with a name of its own. */
export function namedFacts(report: RunReport): [string, string][] {
  const named: [string, string][] = [];
  for (const [name, text] of factRows(report)) {
    const last = named.at(-1);
    if (name === '' && last) last[1] += `; ${text}`;
    else named.push([name, text]);
  }
  return named;
}

function actionsText({ actions }: RunReport): string {
  return actions
    .map(({ do: what, purchase, problem }) => `${what} ${purchase}${problem === null ? '' : ` (${problem})`}`)
    .join(', ');
}

/** What did not happen is left out. */
function counts(record: object): string {
  const entries = Object.entries(record).filter(([, count]) => count !== 0);
  return entries.map(([name, count]) => `${count} ${name.replaceAll('_', ' ')}`).join(', ') || 'none';
}

function ms(value: number | null): string {
  return value === null ? 'none' : uncompressedTime(value);
}
