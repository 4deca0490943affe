import type { Clock, Timer } from '../../shared/ports/clock.ts';

/** Prometheus' own default is a minute; the shipped configuration says 30 s (ops/prometheus/prometheus.yml). */
export const scrapeEveryMs = 30_000;

/** What a monitoring system would have read during a run. */
export interface RecordedMetrics {
  /** Instant of the first scrape, in epoch milliseconds. */
  readonly startAt: number;
  readonly everyMs: number;
  readonly scrapes: number;
  /**
   * By series, as the text format writes it (`name{label="value"}`): a value a scrape, null where there was none. `up` is 1 where
   * the platform answered, else 0.
   */
  readonly series: ReadonlyMap<string, readonly (number | null)[]>;
}

export interface MetricsRecorder {
  /** Scrapes now, and then every `everyMs`. */
  start(): void;
  stop(): RecordedMetrics;
}

/**
 * Scrapes as a monitoring system does. `read` resolves with the text of `GET /metrics`, or is null while the process is down; what
 * it has not answered before the next scrape counts as no answer.
 */
export function metricsRecorder(deps: {
  readonly clock: Clock;
  readonly read: () => Promise<string> | null;
  readonly everyMs?: number;
}): MetricsRecorder {
  const { clock, read, everyMs = scrapeEveryMs } = deps;
  const series = new Map<string, (number | null)[]>();
  let startAt = 0;
  let scrapes = 0;
  let timer: Timer | null = null;

  function put(name: string, index: number, value: number): void {
    const values = series.get(name) ?? [];
    while (values.length < index) values.push(null);
    values[index] = value;
    series.set(name, values);
  }

  function scrape(): void {
    const index = scrapes;
    scrapes += 1;
    put('up', index, 0);
    timer = clock.setTimer(everyMs, scrape);
    // A process that dies meanwhile never answers.
    void read()?.then(
      (text) => {
        if (scrapes !== index + 1) return;
        put('up', index, 1);
        for (const [name, value] of samplesOf(text)) put(name, index, value);
      },
      () => {},
    );
  }

  return {
    start() {
      startAt = clock.now();
      scrape();
    },
    stop() {
      timer?.cancel();
      for (const values of series.values()) while (values.length < scrapes) values.push(null);
      return { startAt, everyMs, scrapes, series };
    },
  };
}

/** Reads the Prometheus text format as prom-client writes it: no timestamps, no comment behind a value. */
export function samplesOf(text: string): readonly (readonly [series: string, value: number])[] {
  return text.split('\n').flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const space = line.lastIndexOf(' ');
    const value = line.slice(space + 1);
    return [[line.slice(0, space), value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value)] as const];
  });
}
