import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fleetwake } from '../../e2e/command.ts';
import { until } from '../../helpers/until.ts';
import type { RunningUp } from './up-under-test.ts';

/** The vehicle that refuses for good (docs/testing-identifiers.md). */
const refusingVin = 'WFWTST0E5TA000002';

/** Returns the patterns of all pages, as the console's own table has them: a page that is added is among them. */
export async function pagePatterns(): Promise<string[]> {
  const table = await readFile('simulator/console/page/routes.tsx', 'utf8');
  const patterns = [...table.matchAll(/^\s*(?:\{ )?path: '(\/[^']*)'/gm)];
  return [...new Set(patterns.map(([, pattern = '']) => pattern))];
}

/**
 * Makes what pages with parameters show: a purchase that is active, one that has failed with its ticket, a fault, and a saved run.
 * Returns an address for each pattern with a parameter.
 */
export async function pageSamples({
  addresses,
  folder,
  keys,
  dataFolder,
}: RunningUp): Promise<Record<string, string>> {
  const [vin = ''] = addresses.vehicles;
  const buy = async (of: string) => {
    const { stdout } = await fleetwake(folder, [
      ...['buy', of, 'heated-seats', '--wait', '--json', '--platform-url', addresses.platform],
    ]);
    return JSON.parse(stdout) as { readonly id: string; readonly activation: { readonly id: string } };
  };
  const bought = await buy(vin);
  await buy(refusingVin);
  await fleetwake(folder, [
    ...['fault', 'add', 'latency', '--vin', vin, '--set', 'latencyMs=5', '--control-url', addresses.control],
  ]);
  const reports = join(dataFolder, 'reports');
  await mkdir(reports, { recursive: true });
  await fleetwake(folder, [
    ...['run', 'expired-token', '--seed', '3', '--json', join(reports, 'sample.json')],
    ...['--save', join(reports, 'sample.run.json')],
  ]);
  return {
    '/fleet/:vin': `/fleet/${vin}`,
    '/purchases/:id': `/purchases/${bought.id}`,
    '/activations/:id': `/activations/${bought.activation.id}`,
    '/desk/:id': `/desk/${await firstTicket(addresses.platform, String(keys.developerSecret))}`,
    '/runs/:file': '/runs/sample.json',
    '/runs/:file/travel': '/runs/sample.run.json/travel?event=40',
  };
}

async function firstTicket(platform: string, developerSecret: string): Promise<string> {
  const answer = await fetch(`${platform}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`developer:${developerSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  let id: string | undefined;
  await until(async () => {
    const tickets = await fetch(`${platform}/tickets`, { headers: { authorization: `Bearer ${token}` } });
    const { tickets: listed } = (await tickets.json()) as { tickets: readonly { readonly id: string }[] };
    id = listed[0]?.id;
    return id !== undefined;
  }, 'the failed activation has a ticket');
  return id ?? '';
}
