import { type Excess, excessOf, excessText, type FigureLimit, isWithin } from './figure-limit.ts';
import type { SavedReport } from './saved-report.ts';

/** What is different in the second of two runs. */
export interface ReportDiff {
  readonly before: RunName;
  readonly after: RunName;
  /** Rules and expectations that held and are broken now, or the other way round. */
  readonly verdicts: readonly VerdictChange[];
  readonly figures: readonly FigureChange[];
  /** Figures that are worse than a limit of the caller allows. */
  readonly exceeded: readonly Excess[];
  readonly conclusion: Conclusion;
  /** Purchases that ended otherwise or took another number of attempts; only where both runs had the same plan. */
  readonly purchases: readonly PurchaseChange[];
}

/** `mixed`: as many figures are better as are worse, or only purchases ended otherwise. */
export type Conclusion = 'better' | 'worse' | 'same' | 'mixed';

export interface RunName {
  readonly scenario: string;
  readonly seed: number | null;
}

export interface VerdictChange {
  /** `rule 7: …`, `active >= 99 %` */
  readonly name: string;
  readonly ok: boolean;
}

export interface FigureChange {
  /** `outcomes.active`, `money.EUR.keptMinor` */
  readonly name: string;
  readonly before: number | null;
  readonly after: number | null;
  /** Null where more is neither better nor worse, such as counts of faults, and within a limit of the caller. */
  readonly isBetter: boolean | null;
}

export interface PurchaseChange {
  readonly purchase: string;
  /** `active, 1 attempt` */
  readonly before: string;
  readonly after: string;
}

/** Compares two reports. A figure within a limit counts as the same; the first limit that names it is its own. */
export function diffReports(
  before: SavedReport,
  after: SavedReport,
  limits: readonly FigureLimit[] = [],
): ReportDiff {
  const isSamePlan = before.scenario === after.scenario && before.seed === after.seed;
  const verdicts = verdictChanges(before, after);
  const changes = figureChanges(before, after);
  const figures = changes.map((change) =>
    isWithin(change, limits) ? { ...change, isBetter: null } : change,
  );
  const exceeded = excessOf(changes, limits);
  const purchases = isSamePlan ? purchaseChanges(before, after) : [];
  return {
    before: nameOf(before),
    after: nameOf(after),
    conclusion: conclusionOf({ verdicts, figures, exceeded, purchases }),
    verdicts,
    exceeded,
    figures,
    purchases,
  };
}

/** Something that held in the first run is broken in the second, or is new there and broken; or a figure is beyond its limit. */
export function isWorse({ verdicts, exceeded }: Pick<ReportDiff, 'verdicts' | 'exceeded'>): boolean {
  return exceeded.length > 0 || verdicts.some(({ ok }) => !ok);
}

/** Returns the names of the figures of a report that are better or worse when they change. */
export function judgedFigures(report: SavedReport): string[] {
  return [...figuresOf(report).keys()].filter((name) => directions.some(([pattern]) => pattern.test(name)));
}

function nameOf({ scenario, seed }: SavedReport): RunName {
  return { scenario, seed };
}

/** Rules by their number: a later version may word a title differently. */
function verdictsOf({ checks, expectations }: SavedReport): Map<string, VerdictChange> {
  return new Map([
    ...checks.map(({ id, title, ok }) => [`rule ${id}`, { name: `rule ${id}: ${title}`, ok }] as const),
    ...expectations.map(({ text, ok }) => [`expectation ${text}`, { name: text, ok }] as const),
  ]);
}

function verdictChanges(before: SavedReport, after: SavedReport): VerdictChange[] {
  const known = verdictsOf(before);
  return [...verdictsOf(after)]
    .filter(([key, { ok }]) => ok !== (known.get(key)?.ok ?? true))
    .map(([, verdict]) => verdict);
}

function figuresOf(report: SavedReport): Map<string, number | null> {
  const { outcomes, attempts, timeToActiveMs, tickets, revocations, money, notices, faults } = report;
  const flat = { outcomes, attempts, timeToActiveMs, tickets, revocations };
  const nested = { money, notices, faults };
  const figures = new Map<string, number | null>();
  for (const [group, counts] of Object.entries(flat)) {
    for (const [name, value] of Object.entries(counts)) figures.set(`${group}.${name}`, value);
  }
  for (const [group, parts] of Object.entries(nested)) {
    for (const [part, counts] of Object.entries(parts)) {
      for (const [name, value] of Object.entries(counts)) figures.set(`${group}.${part}.${name}`, value);
    }
  }
  return figures;
}

/** A count that is missing is none. */
function figureChanges(before: SavedReport, after: SavedReport): FigureChange[] {
  const [first, second] = [figuresOf(before), figuresOf(after)];
  const names = [...new Set([...first.keys(), ...second.keys()])];
  const figureIn = (figures: Map<string, number | null>, name: string) =>
    figures.get(name) ?? (name.startsWith('timeToActiveMs') ? null : 0);
  return names
    .map((name) => ({ name, before: figureIn(first, name), after: figureIn(second, name) }))
    .filter((figure) => figure.before !== figure.after)
    .map((figure) => ({ ...figure, isBetter: isBetter(figure) }));
}

/** Statistics whose increase is better (true) or worse (false); others are neutral. */
const directions: readonly (readonly [RegExp, boolean])[] = [
  [/^outcomes\.active$/, true],
  [/^outcomes\.(failed|open|unfinished)/, false],
  [/^attempts\.1$/, true],
  [/^attempts\.([2-9]|\d\d+)$/, false],
  [/^timeToActiveMs\./, false],
  [/^tickets\./, false],
  [/^revocations\.open$/, false],
  [/^money\.\w+\.keptMinor$/, true],
  [/^money\.\w+\.(refunded|voided)Minor$/, false],
];

/** A time that is none any more is worse: nothing became active. */
function isBetter({ name, before, after }: Omit<FigureChange, 'isBetter'>): boolean | null {
  const isMoreBetter = directions.find(([pattern]) => pattern.test(name))?.[1];
  if (isMoreBetter === undefined) return null;
  if (before === null || after === null) return before === null;
  return after > before === isMoreBetter;
}

function purchaseChanges(before: SavedReport, after: SavedReport): PurchaseChange[] {
  const known = new Map(before.activations.map((line) => [line.purchase, endOf(line)]));
  return after.activations
    .map((line) => ({
      purchase: line.purchase,
      before: known.get(line.purchase) ?? 'none',
      after: endOf(line),
    }))
    .filter((change) => change.before !== change.after);
}

function endOf({ outcome, attempts }: SavedReport['activations'][number]): string {
  return `${outcome.replaceAll('_', ' ')}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
}

const purchasesMax = 20;

function nameText({ scenario, seed }: RunName): string {
  return seed === null ? scenario : `${scenario}, seed ${seed}`;
}

/** The difference for people, without colours; ends in a newline. */
export function diffText(diff: ReportDiff): string {
  const { before, after, verdicts, exceeded, figures, purchases } = diff;
  const more = purchases.length - purchasesMax;
  const lines = [
    `${nameText(before)} → ${nameText(after)}`,
    ...verdicts.map(({ name, ok }) => (ok ? `✓ holds again: ${name}` : `✗ broken now: ${name}`)),
    ...exceeded.map(excessText),
    ...figures.map(
      (figure) =>
        `  ${figure.name}: ${figure.before ?? 'none'} → ${figure.after ?? 'none'}${changeOf(figure)}`,
    ),
    ...purchases.slice(0, purchasesMax).map((one) => `  ${one.purchase}: ${one.before} → ${one.after}`),
    ...(more > 0 ? [`  and ${more} more purchases`] : []),
  ];
  lines.push(lines.length === 1 ? 'The same: no difference.' : conclusionText(diff));
  return `${lines.join('\n')}\n`;
}

function changeOf({ before, after, isBetter }: FigureChange): string {
  const change = before === null || after === null ? [] : [`${after > before ? '+' : ''}${after - before}`];
  const said = isBetter === null ? change : [...change, isBetter ? 'better' : 'worse'];
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}

/** Rules, expectations and limits decide, then figures. */
function conclusionOf({
  verdicts,
  exceeded,
  figures,
  purchases,
}: Pick<ReportDiff, 'verdicts' | 'exceeded' | 'figures' | 'purchases'>): Conclusion {
  if (isWorse({ verdicts, exceeded })) return 'worse';
  if (verdicts.length > 0) return 'better';
  const better = figures.filter(({ isBetter }) => isBetter === true).length;
  const worse = figures.filter(({ isBetter }) => isBetter === false).length;
  if (better === worse) return better + purchases.length === 0 ? 'same' : 'mixed';
  return better > worse ? 'better' : 'worse';
}

const conclusionWords: Readonly<Record<Conclusion, string>> = {
  better: 'Better',
  worse: 'Worse',
  same: 'The same',
  mixed: 'Neither better nor worse',
};

function conclusionText({ conclusion, verdicts, figures, exceeded }: ReportDiff): string {
  const broken = verdicts.filter(({ ok }) => !ok).length;
  const held = verdicts.length - broken;
  const better = figures.filter(({ isBetter }) => isBetter === true).length;
  const worse = figures.filter(({ isBetter }) => isBetter === false).length;
  const beyond = exceeded.length === 0 ? '' : `; ${exceeded.length} beyond a limit`;
  return `${conclusionWords[conclusion]}: ${broken} broken now, ${held} holding again; ${better} figures better, ${worse} worse${beyond}.`;
}
