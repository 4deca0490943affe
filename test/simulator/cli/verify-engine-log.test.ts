import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { logJsonSchema } from '../../../simulator/target/log-schema.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from './command-in-process.ts';

const mapping = resolve('docs/examples/own-engine.mapping.yaml');
const vin = 'WFWAUR1E6TA100001';
const at = (seconds: number) => 1_800_000_000_000 + seconds * 1_000;
const feature = 'heated_seats';

const purchase = { type: 'purchase', at: at(0), vin, feature, status: 202, answer: { id: 'order-1' } };
const price = { amountMinor: 1_490, currency: 'EUR' };
const payment = { type: 'payment', at: at(1), id: 'pi_1', ...price, metadata: { order: 'order-1' } };
const money = (kind: string, seconds: number, id = 'pi_1') => ({
  ...{ type: 'money', at: at(seconds), payment: id, kind, ...price },
});
const command = {
  ...{ type: 'command', at: '2027-01-15T08:00:02Z', id: 'cmd_1', vin, reference: 'order-1' },
  features: [{ feature, target: 'active' }],
};
const result = (outcome: string) => ({
  ...{ type: 'result', at: at(3), command: 'cmd_1', results: [{ feature, outcome }] },
});
const vehicle = (state: string) => ({ type: 'vehicle', at: at(99), vin, features: [{ feature, state }] });
const mail = { type: 'mail', at: at(4), to: 'ana@example.com', subject: 'Done: order-1' };
/** A hold, a delivery, then its capture. */
const delivered = [
  ...[purchase, payment, money('authorised', 1), command, result('applied')],
  ...[money('captured', 5), mail, vehicle('active')],
];

const textOf = (facts: readonly (object | string)[]) =>
  facts.map((fact) => `${typeof fact === 'string' ? fact : JSON.stringify(fact)}\n`).join('');

async function verified(facts: readonly (object | string)[], ...flags: string[]) {
  return withTemporaryFolder(async (folder) => {
    await writeFile(`${folder}/run.jsonl`, textOf(facts));
    const mapped = flags.includes('--mapping') ? [] : ['--mapping', mapping];
    const done = await inProcess(['verify', `${folder}/run.jsonl`, ...mapped, ...flags]);
    return { ...done, error: done.error?.replaceAll(`${folder}/`, '') ?? null };
  });
}

/** Exit code, and each judged rule that does not hold with its violations. */
async function brokenIn(facts: readonly object[], ...flags: string[]) {
  const { exitCode, stdout } = await verified(facts, '--json', ...flags);
  const { checks, expectedRules } = JSON.parse(stdout);
  const judged = checks.filter(({ id }: { id: number }) => expectedRules.includes(id));
  return [
    exitCode,
    ...judged.flatMap(({ id, ok, violations }: { id: number; ok: boolean; violations: string[] }) =>
      ok ? [] : [[id, ...violations]],
    ),
  ];
}

describe('verify with --mapping', () => {
  it('holds a log of a purchase that was paid once, delivered and captured', async () => {
    const { exitCode, stdout } = await verified([{ type: 'run', name: 'nightly' }, ...delivered]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Log nightly: 1 vehicles, 1 purchases, .*\n\n/);
    expect(stdout).not.toMatch(/seed \d|Back-off|The same plan/);
    expect(stdout).toContain('✓  1  No charge for an activation that was not delivered (1 examined)');
    expect(stdout).toContain("not judged: this rule needs the platform's database");
    const { replay, scenario, seed, constants, outcomes, expectedRules, attempts } = JSON.parse(
      (await verified([{ type: 'run', name: 'nightly' }, ...delivered], '--json')).stdout,
    );
    expect([seed, constants]).toEqual([null, null]);
    expect([replay, scenario, outcomes.active, expectedRules, attempts]).toEqual([
      expect.stringMatching(/^fleetwake verify .*run\.jsonl --mapping .*own-engine\.mapping\.yaml$/),
      ...['nightly', 1, [1, 2, 3, 5, 7, 9], { 1: 1 }],
    ]);
  });

  it('holds the log of the page, as it is written there', async () => {
    const page = readFileSync('docs/own-engine.md', 'utf8');
    const [, lines = ''] = /`night\.jsonl`[\s\S]*?```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(lines.split('\n').filter((line) => line !== '')).toHaveLength(6);
    expect(await verified([lines])).toMatchObject({ exitCode: 0, error: null });
  });

  it('finds money that is kept without a delivery, and a capture before it', async () => {
    const undelivered = delivered.filter(({ type }) => type !== 'result' && type !== 'vehicle');
    expect(await brokenIn(undelivered)).toEqual([
      1,
      [1, `order-1: 14.90 EUR kept, but ${vin} never reported applied`],
    ]);
    const early = delivered.map((fact) => (fact.type === 'money' ? { ...fact, at: at(1) } : fact));
    expect(await brokenIn(early)).toEqual([
      1,
      [1, `order-1: captured at +1.000 s, before ${vin} reported applied at +3.000 s`],
    ]);
  });

  it('finds an accepted purchase that nothing follows, in a log of others and in one of purchases alone', async () => {
    const dead = { ...purchase, at: at(10), answer: { id: 'order-2' } };
    const sentence = 'order-2: accepted with 202, and then nothing: no payment, no command names it';
    expect(await brokenIn([...delivered, dead])).toEqual([1, [3, sentence]]);
    expect(await brokenIn([dead])).toEqual([1, [3, sentence]]);
    const { stdout } = await verified([...delivered, dead], '--json');
    expect(JSON.parse(stdout).outcomes).toMatchObject({ active: 1, pending: 1, declined: 0 });
  });

  it('finds an accepted purchase whose command its vehicle rejected, and that nothing follows', async () => {
    const command = { type: 'command', id: 'cmd-2', reference: 'order-2', vin: purchase.vin };
    const facts = [
      ...delivered,
      { ...purchase, at: at(10), answer: { id: 'order-2' } },
      { ...command, at: at(11), features: [{ feature: purchase.feature, target: 'active' }] },
      {
        ...{ type: 'result', at: at(12), command: 'cmd-2' },
        results: [{ feature: purchase.feature, outcome: 'rejected' }],
      },
    ];
    const sentence =
      'order-2: accepted with 202, but nothing was delivered by cmd-2, and no payment names it; if its customer was notified of the failure, add "mail" or "push" to the mapping';
    expect(await brokenIn(facts)).toEqual([1, [3, sentence]]);
  });

  it('finds a push message that was sent twice', async () => {
    await withTemporaryFolder(async (folder) => {
      const file = `${folder}/push.yaml`;
      const push = "push: { in: title, pattern: '^Active: (.+)$' }";
      await writeFile(file, `${readFileSync(mapping, 'utf8')}${push}\n`);
      const sent = {
        type: 'push',
        at: at(6),
        to: 'https://push.example/1',
        title: 'Active: order-1',
        id: 'n',
      };
      expect(await brokenIn([...delivered, sent], '--mapping', file)).toEqual([0]);
      expect(await brokenIn([...delivered, sent, sent], '--mapping', file)).toEqual([
        1,
        [2, 'order-1: push message "Active: order-1" to https://push.example/1 sent 2 times'],
      ]);
    });
  });

  it('finds a second charge', async () => {
    const second = { ...payment, id: 'pi_2' };
    expect(await brokenIn([...delivered, second, money('charged', 6, 'pi_2')])).toEqual([
      1,
      [
        2,
        'order-1: charged 2 times, by the payments pi_1, pi_2',
        'order-1: 29.80 EUR charged, the price is 14.90 EUR',
      ],
    ]);
  });

  it('finds a feature that is active though the money went back', async () => {
    const refunded = [...delivered, money('refunded', 6)];
    expect(await brokenIn(refunded)).toEqual([1, [5, `order-1: failed, but ${feature} is active on ${vin}`]]);
  });

  it('finds more commands than the quota that the log states', async () => {
    const run = { type: 'run', quota: { limit: 1, windowMs: 10_000 } };
    const second = { ...command, id: 'cmd_2', at: at(11) };
    const both = (seconds: number) => [
      ...[run, ...delivered, { ...second, at: at(seconds) }],
      { ...result('already_active'), at: at(seconds), command: 'cmd_2' },
    ];
    expect(await brokenIn(both(12))).toEqual([0]);
    expect(await brokenIn(both(11))).toEqual([
      1,
      [7, `${vin}: 2 commands accepted between +2.000 s and +11.000 s, within 10 s`],
    ]);
  });

  it('finds a vehicle that does not stand where it said', async () => {
    const facts = delivered.map((fact) => (fact.type === 'vehicle' ? vehicle('dormant') : fact));
    expect(await brokenIn(facts)).toEqual([
      1,
      [9, `${vin} ${feature}: dormant at version 1, which no command requested`],
    ]);
  });

  it('names the rules that a log without such facts cannot judge, and counts the others', async () => {
    const { exitCode, stdout } = await verified([
      purchase,
      payment,
      money('authorised', 1),
      money('voided', 2),
    ]);
    expect(exitCode).toBe(0);
    for (const type of ['vehicle', 'command'])
      expect(stdout).toContain(`not judged: the log has no fact of the type ${type}`);
  });

  it.each([
    [['{"type":'], 'run.jsonl:1: "{"type":" is not JSON; write one JSON object a line'],
    [['[1]'], 'run.jsonl:1: "[1]" is no JSON object; write one JSON object a line'],
    [
      [purchase, { type: 'refund', at: 1 }],
      'run.jsonl:2: type is "refund"; write one of run, purchase, payment, money, command, result, mail, push, vehicle',
    ],
    [
      [purchase, { at: 1 }],
      'run.jsonl:2: type is missing; write one of run, purchase, payment, money, command, result, mail, push, vehicle',
    ],
    [[purchase, { ...payment, id: undefined }], 'run.jsonl:2: id is missing; write a text'],
    [
      [purchase, { ...payment, price: 1 }],
      'run.jsonl:2: price is no field of a fact of the type payment; remove it or correct its name',
    ],
    [
      [purchase, money('charged', 1)],
      'run.jsonl:2: payment is "pi_1", and no fact of the type payment has this id; log the payment too',
    ],
    [
      [purchase, result('applied')],
      'run.jsonl:2: command is "cmd_1", and no fact of the type command has this id; log the command too',
    ],
    [
      [purchase, payment, payment],
      'run.jsonl:3: id is "pi_1" as on line 2; write each payment once, with an id of its own',
    ],
    [[payment], 'run.jsonl: has no fact of the type purchase, so that nothing is judged; log each purchase'],
    [
      [purchase, payment, mail],
      'run.jsonl: has no fact of the types money, command and vehicle, so that no rule is judged; log one of them',
    ],
  ] as const)('names the place and the fix of what is wrong in a log: %#', async (facts, sentence) => {
    const { error, stdout } = await verified(facts);
    expect([stdout, error]).toEqual(['', `the log cannot be used:\n${sentence}`]);
  });

  it('names line and fix of a mapping that fits nothing of the log', async () => {
    await withTemporaryFolder(async (folder) => {
      const wrong = `${folder}/wrong.yaml`;
      await writeFile(wrong, readFileSync(mapping, 'utf8').replace('metadata: order', 'metadata: basket'));
      const { error } = await verified(delivered, '--mapping', wrong);
      expect(error).toBe(
        `${wrong}:6:13: payment.metadata "basket" names an activation of this run on none of 1 payments; their metadata has order; correct the mapping`,
      );
    });
  });
});

describe('the JSON Schema of a log line', () => {
  it('is the shipped one, and takes each kind of fact', () => {
    const schema = JSON.parse(readFileSync('schemas/engine-log.schema.json', 'utf8'));
    expect(schema).toEqual(JSON.parse(JSON.stringify(logJsonSchema())));
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(schema);
    for (const fact of [{ type: 'run', name: 'nightly' }, ...delivered]) {
      validate(fact);
      expect(validate.errors, JSON.stringify(fact)).toBeNull();
    }
    expect(validate({ ...payment, id: undefined })).toBe(false);
    expect(validate({ ...payment, type: 'refund' })).toBe(false);
  });
});
