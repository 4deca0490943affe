import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import type { Scenario } from '../scenarios/scenario.ts';

/** The shipped catalogue with the scenario's retry policy, in a folder of its own, for a gateway in any process. */
export async function writeScenarioCatalogue(folder: string, scenario: Scenario): Promise<void> {
  const { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs } = scenario.constants;
  const policy = { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs };
  const shipped = shippedCatalogueFolder();
  await cp(join(shipped, 'templates'), join(folder, 'templates'), { recursive: true });
  const { services } = JSON.parse(await readFile(join(shipped, 'services.json'), 'utf8')) as {
    services: object[];
  };
  const changed = { services: services.map((service) => ({ ...service, policy })) };
  await writeFile(join(folder, 'services.json'), `${JSON.stringify(changed, null, 2)}\n`);
}
