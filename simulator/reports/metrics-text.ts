import type { RecordedMetrics } from '../run/metrics-recorder.ts';

/** The labels that a scrape adds, with the names that Prometheus gives them. */
const scrapeLabels = 'job="fleetwake",instance="platform"';

/** The series as Prometheus would store it: `up` becomes `up{job="fleetwake",instance="platform"}`. */
export function scrapedSeries(series: string): string {
  if (!series.endsWith('}')) return `${series}{${scrapeLabels}}`;
  const brace = series.indexOf('{');
  return `${series.slice(0, brace)}{${scrapeLabels},${series.slice(brace + 1)}`;
}

/**
 * Returns what was recorded in OpenMetrics format with timestamps in seconds, series by series, such as `promtool tsdb
 * create-blocks-from openmetrics` reads.
 */
export function openMetricsText({ startAt, everyMs, series }: RecordedMetrics): string {
  const lines: string[] = [];
  for (const [name, values] of [...series].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const scraped = scrapedSeries(name);
    for (const [index, value] of values.entries()) {
      if (value !== null) lines.push(`${scraped} ${value} ${(startAt + index * everyMs) / 1_000}`);
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}
