import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { helpGroups } from '../../../simulator/cli/help.ts';
import { fleetwakeProgram } from '../../../simulator/cli/program.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { type AskedService, askedService, inProcess, writeSecrets } from './command-in-process.ts';

/** The words of an example, as a shell hands them over. */
const wordsOf = (call: string) =>
  [...call.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word = '']) => quoted ?? word);

const examples = helpGroups.flatMap((group) =>
  Object.entries(group.examples).flatMap(([name, calls]) => calls.map((call) => [name, call] as const)),
);

/** Every command that does something, by its name. */
async function everyCommand(): Promise<Map<string, Command>> {
  const all = new Map<string, Command>();
  const walk = (parent: Command, path: string) => {
    for (const child of parent.createHelp().visibleCommands(parent)) {
      const name = `${path} ${child.name()}`.trim();
      if (child.name() !== 'help') all.set(name, child);
      walk(child, name);
    }
  };
  walk(await fleetwakeProgram(), '');
  return all;
}

const isGroupAlone = (command: Command) =>
  command.commands.length > 0 && command.registeredArguments.length === 0;

describe('the help of the command', () => {
  it('lists every command in the group of what it is for', async () => {
    const text = (await fleetwakeProgram()).helpInformation();
    const headings = text.split('\n').filter((line) => /^[A-Z].*:$/.test(line));
    expect(headings).toEqual([
      'Options:',
      'Try a fleet:',
      'Bring your own:',
      'Run the product:',
      'Buy and follow:',
      'Inject faults:',
      'Support and operate:',
      'Help:',
    ]);
  });

  it('has examples of every command, and of no other', async () => {
    const commands = await everyCommand();
    const listed = helpGroups.flatMap((group) => Object.keys(group.examples));
    expect(listed.toSorted((a, b) => a.localeCompare(b))).toEqual(
      [...commands.keys()].toSorted((a, b) => a.localeCompare(b)),
    );
    const without = [...commands].filter(
      ([name, command]) => !isGroupAlone(command) && !examples.some(([of]) => of === name),
    );
    expect(without.map(([name]) => name)).toEqual([]);
  });

  it('shows the examples of a command below its options', async () => {
    const { stdout } = await inProcess(['buy', '--help']);
    expect(stdout).toMatch(
      /\nExamples:\n {2}fleetwake buy WFWAUR1E6TA100001 heated-seats --wait\n {2}fleetwake buy .*\n$/,
    );
  });

  it.each(examples)('takes every word of the example of %s: fleetwake %s', async (name, call) => {
    const words = wordsOf(call);
    const program = await fleetwakeProgram(words[0]);
    const path = name.split(' ');
    const command = path.reduce<Command | undefined>(
      (parent, part) => parent?.commands.find((child) => child.name() === part),
      program,
    );
    let isReached = false;
    command?.action(() => {
      isReached = true;
    });
    await program.parseAsync(words, { from: 'user' });
    expect(isReached).toBe(true);
  });
});

describe('an example', () => {
  let service: AskedService;
  let folder = '';
  beforeAll(async () => {
    folder = await newTemporaryFolder();
    await writeSecrets(folder);
    const bought = {
      ...{ id: 'pur_1', serviceName: 'Heated seats', vin: 'V', duration: { unit: 'permanent' } },
      ...{
        price: { amountMinor: 1_490, currency: 'EUR' },
        status: 'active',
        ticketId: null,
        customerId: 'ana',
      },
      ...{ activation: { id: 'act_1', phase: 'active', settlement: 'captured' }, entitlement: null },
    };
    const activation = {
      ...{ id: 'act_1', kind: 'activation', feature: 'heated_seats', vin: 'V', phase: 'active' },
      ...{ traceId: 'x', requestedAt: 0, purchaseId: null, attempts: [] },
    };
    const empty = {
      vehicles: [],
      purchases: [],
      activations: [],
      tickets: [],
      settlements: [],
      findings: [],
      collected: true,
      incidents: [{ id: 'inc_1', cause: 'paused' }],
    };
    service = await askedService((path) => {
      if (path.startsWith('/faults'))
        return { id: 'fault-1', layer: 'link', vehicles: 1, vins: ['V'], faults: [], removed: 0 };
      if (path === '/catalogue') return { services: [] };
      if (path === '/activations/act_1') return activation;
      if (path.includes('/record/export')) return { purchase: bought, events: [] };
      return path.includes('?')
        ? { ...empty, events: [], next: null }
        : { ...bought, erasedAt: 0, events: [], next: null, wasOff: true };
    });
  });
  afterAll(async () => {
    await service.close();
    await removeFolder(folder);
  });

  const asking = [
    'buy',
    'vehicle',
    'purchase',
    'activation',
    'cancel',
    'fault',
    'ticket',
    'settlement',
    'restore',
    'reconcile-payments',
  ];
  const operating = [
    'notification',
    'webhook-event',
    'webhook-resume',
    'incident',
    'pause',
    'resume',
    'requeue',
  ];
  const asked = examples.filter(([name]) => [...asking, ...operating].includes(name.split(' ')[0] ?? ''));

  it.each(asked)('of %s asks what runs, and is answered: fleetwake %s', async (name, call) => {
    const address = name.startsWith('fault') ? '--control-url' : '--platform-url';
    const places = ['--data', folder, address, service.url];
    const apiIot = name === 'activation show' ? ['--api-iot-url', service.url] : [];
    service.requests.length = 0;
    const { error, exitCode } = await inProcess([...wordsOf(call), ...places, ...apiIot]);
    expect([error, exitCode ?? 0]).toEqual([null, 0]);
    expect(service.requests.length).toBeGreaterThan(0);
  });

  const listing = examples.filter(([, call]) => /^(scenarios|models --schema|adapters --show)/.test(call));
  it.each(listing)('of %s prints something: fleetwake %s', async (_, call) => {
    const { error, stdout } = await inProcess(wordsOf(call));
    expect([error, stdout.length > 100]).toEqual([null, true]);
  });
});
