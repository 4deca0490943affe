import { readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';

const ops = fileURLToPath(new URL('../../ops/prometheus/', import.meta.url));

async function valuesOf(prometheus: string, query: string): Promise<string[]> {
  const answer = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`).catch(
    () => null,
  );
  if (!answer?.ok) return [];
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result.map(({ value: [, text] }) => text);
}

it('Prometheus takes the shipped configuration, scrapes a gateway with it, and evaluates its alerts', async () => {
  const metricsPort = await freePort();
  await withPlatform({ config: { metricsPort } }, async ({ dataFolder }) => {
    const port = await freePort();
    const shipped = readFileSync(join(ops, 'prometheus.yml'), 'utf8');
    const file = join(dataFolder, 'prometheus.yml');
    // Its port, and a pace that a test can wait for.
    await writeFile(file, shipped.replace(':9464', `:${metricsPort}`).replaceAll('30s', '1s'));
    await cp(join(ops, 'alerts.yml'), join(dataFolder, 'alerts.yml'));
    const child = startChild(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(dataFolder, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      dataFolder,
    );
    try {
      const prometheus = `http://127.0.0.1:${port}`;
      const isUp = async () => (await valuesOf(prometheus, 'up{job="fleetwake"} == 1')).length === 1;
      await until(isUp, 'Prometheus has scraped the gateway');
      expect(await valuesOf(prometheus, 'fleetwake_bus_up')).toEqual(['1']);
      const answer = await fetch(`${prometheus}/api/v1/rules`);
      const { data } = (await answer.json()) as {
        data: { groups: { rules: { name: string; lastError?: string }[] }[] };
      };
      const rules = data.groups.flatMap((group) => group.rules);
      expect(rules.map(({ name }) => name)).toContain('FleetwakeRefundRefused');
      expect(rules.flatMap(({ lastError }) => lastError ?? [])).toEqual([]);
    } finally {
      await child.stop();
    }
  });
});
