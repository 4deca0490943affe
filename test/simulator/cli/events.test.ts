import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { type AskedService, askedService, inProcess, writeSecrets } from './command-in-process.ts';

/** Two events, as the platform sends them. */
const eventStream = [1, 2]
  .map((sequence) => {
    const entry = {
      ...{ sequence, id: `rec_${sequence}`, at: 1_800_000_000_000, type: 'activation.active' },
      ...{ what: 'it is active', cause: sequence === 1 ? null : 'asked for', actor: 'engine' },
      ...{ purchaseId: `pur_${sequence}`, activationId: null, data: {} },
    };
    return `data: ${JSON.stringify(entry)}\nid: ${sequence}\n\n`;
  })
  .join('');

let service: AskedService;
let folder = '';
beforeAll(async () => {
  folder = await newTemporaryFolder();
  await writeSecrets(folder);
  service = await askedService(() => eventStream);
});
afterAll(async () => {
  await service.close();
  await removeFolder(folder);
});
beforeEach(() => {
  service.requests.length = 0;
});

const events = (...words: string[]) =>
  inProcess(['events', '--data', folder, '--platform-url', service.url, ...words]);

it('prints a line for people with when, of which purchase, who, what and why, and ends after --count events', async () => {
  expect(await events('--count', '2')).toEqual({
    stdout:
      '2027-01-15T08:00:00.000Z  pur_1  engine  it is active\n2027-01-15T08:00:00.000Z  pur_2  engine  it is active (asked for)\n',
    stderr: '',
    error: null,
    exitCode: 0,
  });
  expect(service.requests).toEqual(['GET /events']);
});

it('prints the events of one purchase with --purchase, as JSON with --json', async () => {
  const { stdout } = await events('--count', '1', '--purchase', 'pur_2', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ sequence: 2, purchaseId: 'pur_2', type: 'activation.active' });
});

it('starts after the event that is named with --after', async () => {
  const { stdout } = await events('--count', '1', '--after', '1', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ sequence: 2 });
});
