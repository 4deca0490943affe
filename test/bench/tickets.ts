import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openKeys } from '../../gateway/live/keys.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import { quantile } from '../../simulator/reports/quantile.ts';
import { startChild } from './child.ts';
import type { GatewayArgument, GatewayReady } from './gateway-child.ts';
import { round } from './numbers.ts';
import { fillTickets } from './open-tickets.ts';

/** Milliseconds of one request, by HTTP and one after the other. */
interface Took {
  readonly median: number;
  readonly p95: number;
}

export interface TicketsReport {
  /** How many are open. */
  readonly open: number;
  /** Pages of 100. */
  readonly firstPage: Took;
  readonly lastPage: Took;
  readonly byState: Took;
  readonly byPriority: Took;
  readonly byAssignee: Took;
  readonly byVin: Took;
  readonly assign: Took;
}

interface Page {
  readonly tickets: readonly { readonly id: string }[];
  readonly next: string | null;
}

const technicians = Array.from({ length: 20 }, (_, index) => `technician-${index + 1}`);
const wholeWeek = [{ weekdays: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00' }];
const pageSize = 100;

/** A support desk with so many open tickets, over sockets: what a technician waits for. Each request is made `requests` times. */
export async function measureTickets(
  folder: string,
  count: number,
  requests: number,
): Promise<TicketsReport> {
  const data = join(folder, 'tickets');
  await mkdir(data);
  const vins = await fillTickets({ folder: data, count, technicians, now: Date.now() });
  const roster = technicians.map((name) => ({ name, utcOffset: '+00:00', shifts: wholeWeek }));
  const supportRoster = join(data, 'roster.json');
  await writeFile(supportRoster, JSON.stringify(roster));
  // Ten thousand vehicles that no broker knows are not to be compared with what their customers own.
  const argument: GatewayArgument = { data, supportRoster, reconcileMs: 0 };
  const child = await startChild<GatewayReady>('gateway-child', argument);
  try {
    const { platform } = clientsOf(await openKeys(data), child.ready);
    async function list(filter: string): Promise<Page> {
      const answer = await platform.get(`/tickets?limit=${pageSize}&${filter}`);
      if (answer.status !== 200) throw new Error(`a list was answered ${answer.status}`);
      return answer.body as Page;
    }
    const pages = await everyPage(list);
    const ids = [...new Set(pages.flatMap(({ tickets }) => tickets.map(({ id }) => id)))];
    const lastCursor = pages.at(-2)?.next ?? '';
    const technicianOf = (index: number) => technicians[index % technicians.length] ?? '';
    const times = (ask: (index: number) => Promise<unknown>) => timed(requests, ask);
    return {
      open: ids.length,
      firstPage: await times(() => list('')),
      lastPage: await times(() => list(`cursor=${lastCursor}`)),
      byState: await times(() => list('state=in_progress')),
      byPriority: await times(() => list('priority=MEDIUM')),
      byAssignee: await times((index) => list(`assignee=${technicianOf(index)}`)),
      byVin: await times((index) => list(`vin=${vins[(index * 37) % vins.length]}`)),
      assign: await times(async (index) => {
        const id = ids[(index * 37) % ids.length];
        const body = { by: 'technician-1', technician: technicianOf(index) };
        const answer = await platform.send('POST', `/tickets/${id}/assign`, body);
        if (answer.status !== 200) throw new Error(`an assignment was answered ${answer.status}`);
      }),
    };
  } finally {
    await child.stop();
  }
}

async function everyPage(list: (filter: string) => Promise<Page>): Promise<Page[]> {
  const pages: Page[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page = await list(cursor === '' ? '' : `cursor=${cursor}`);
    pages.push(page);
    cursor = page.next;
  }
  return pages;
}

/** A tenth more goes before, and is not counted: the first ones are slower. */
async function timed(requests: number, ask: (index: number) => Promise<unknown>): Promise<Took> {
  const took: number[] = [];
  const warm = Math.ceil(requests / 10);
  for (let index = 0; index < warm + requests; index += 1) {
    const startedAt = performance.now();
    await ask(index);
    took.push(performance.now() - startedAt);
  }
  const counted = took.slice(warm);
  const at = (share: number) => round(quantile(counted, share) ?? Number.NaN);
  return { median: at(0.5), p95: at(0.95) };
}
