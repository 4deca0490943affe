import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import { readTextFile } from '../../shared/files/text-file.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';
import type { Scenario } from '../scenarios/scenario.ts';

/** Writes a catalogue with the scenario's retry policy into a folder of its own, for a gateway in any process. */
export async function writeScenarioCatalogue(
  folder: string,
  scenario: Scenario,
  sold = shippedCatalogueFolder(),
): Promise<void> {
  const { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs } = scenario.constants;
  const policy = { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs };
  await cp(join(sold, 'templates'), join(folder, 'templates'), { recursive: true });
  const { services } = parseJsonText(readTextFile(join(sold, 'services.json'))) as {
    services: object[];
  };
  const changed = { services: services.map((service) => ({ ...service, policy })) };
  await writeFile(join(folder, 'services.json'), `${JSON.stringify(changed, null, 2)}\n`);
}
