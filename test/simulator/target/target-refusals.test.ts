import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { targetRefusals } from '../../../simulator/target/target-refusals.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from '../cli/command-in-process.ts';

const platform = "only the platform's database knows it";

test.each([
  ['rule 8', `${platform}; it judges the rules 1, 2, 3, 5, 7, 9`],
  ['tickets = 0', platform],
  ['high tickets = 0', platform],
  ['medium tickets = 0', platform],
  ['notices given up = 0', platform],
  ['revocations open = 0', platform],
  ['reactivations done = 0', platform],
  ['cancelled = 0', platform],
  ['payment failed = 0', platform],
  ['p-001 cancelled', platform],
  ['p-001 active, 1 ticket', 'nothing tells which purchase tickets belong to'],
  ['p-001 active, 0 push messages', 'nothing tells which purchase push messages belong to'],
])('refuses the expectation "%s" of a run with --target', (text, reason) => {
  expect(targetRefusals({ expectations: ['active > 0', text] })).toEqual([
    {
      path: ['expectations', 1],
      text: `is "${text}", which --target cannot judge: ${reason}; remove it, or leave out --target`,
    },
  ]);
});

test('takes every expectation that evidence alone can judge', () => {
  const expectations = [
    ...['rule 1', 'rule 9', 'active = 100 %', 'failed = 0', 'declined = 0', 'p95 time to active < 1 min'],
    ...[
      'most attempts <= 3',
      'activations with 2 attempts = 1',
      'kept = 14.90 EUR',
      'faults at payments > 0',
    ],
    ...['p-001 active within 1 min, 2 attempts, 14.90 EUR captured, 1 e-mail'],
  ];
  expect(targetRefusals({ expectations })).toEqual([]);
  expect(targetRefusals({})).toEqual([]);
});

test('run --target names file and line of each expectation that it cannot judge, and starts nothing', async () => {
  await withTemporaryFolder(async (folder) => {
    const file = `${folder}/mine.yaml`;
    const lines = [
      ...['name: mine', 'description: Two purchases.', 'timeScale: 1', 'vehicles: { count: 1 }'],
      ...[
        'purchases: { count: 1, overMs: 1000 }',
        'expectations:',
        '  - rule 8',
        '  - rule 2',
        '  - tickets = 0',
      ],
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const engine = [
      '--target',
      'http://127.0.0.1:9/orders',
      '--mapping',
      'docs/examples/own-engine.mapping.yaml',
    ];
    const { error, stdout } = await inProcess(['run', file, ...engine]);
    const hint = 'remove it, or leave out --target';
    expect([stdout, error?.split('\n')]).toEqual([
      '',
      [
        'the scenario cannot run live:',
        `${file}:7:5: expectations[0] is "rule 8", which --target cannot judge: ${platform}; it judges the rules 1, 2, 3, 5, 7, 9; ${hint}`,
        `${file}:9:5: expectations[2] is "tickets = 0", which --target cannot judge: ${platform}; ${hint}`,
      ],
    ]);
  });
});
