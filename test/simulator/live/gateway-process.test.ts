import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type GatewayConfig, readConfig } from '../../../gateway/config.ts';
import { type GatewayProcess, gatewayProcess } from '../../../simulator/live/gateway-process.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

/** Says that it listens, and asks two questions in one turn. */
const program = `
console.log(JSON.stringify({ event: 'gateway.started', platform: null, apiIot: 'http://127.0.0.1:1', mqtt: null }));
process.on('message', ({ question }) => {
  if (question === 'ask') for (const id of [1, 2]) process.send({ type: 'question', id, question: 'question ' + id });
});
`;

test('a question that is under way when the process is killed is not passed on', () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, 'two-questions.mjs');
    await writeFile(file, program);
    const { config } = readConfig({}, {}) as { config: GatewayConfig };
    const asked: unknown[] = [];
    const gateway: GatewayProcess = await gatewayProcess({
      config,
      command: [file],
      answer: (question) => {
        asked.push(question);
        void gateway.kill();
        return new Promise(() => {});
      },
    });
    void gateway.ask('ask' as unknown as object);
    expect(await gateway.ended()).toBe(null);
    expect(asked).toEqual(['question 1']);
    expect(gateway.deaths).toBe(1);
  }));
