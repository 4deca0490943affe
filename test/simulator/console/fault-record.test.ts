import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { faultOfFlags } from '../../../simulator/cli/fault-request.ts';
import { fleetwakeProgram } from '../../../simulator/cli/program.ts';
import { draftOf, emptyDraft, recordOfDraft } from '../../../simulator/console/page/pages/fault-draft.ts';
import {
  commandOf,
  type FaultRecordFields,
  yamlOf,
} from '../../../simulator/console/page/pages/fault-record.ts';
import { directedTypes, faultTypes } from '../../../simulator/console/page/pages/fault-types.ts';
import { faultWindows } from '../../../simulator/console/page/pages/fault-window.ts';
import { readFault } from '../../../simulator/control/read-fault.ts';
import { componentFaultSchema } from '../../../simulator/faults/component-fault.ts';
import { faultRecordSchema, layerOf, vehicleFaultRecordSchema } from '../../../simulator/faults/fault.ts';
import { shippedNames, shippedScenario } from '../../../simulator/scenarios/library.ts';
import { runningFaults } from '../../../simulator/scenarios/running-faults.ts';

const hostile = `it's "odd" $(reboot) \`x\` ; \u202e<script>alert(1)</script> #: {a}`;
const full: FaultRecordFields = {
  name: hostile,
  layer: 'link',
  type: 'latency',
  stream: 'upstream',
  toxicity: 0.5,
  attributes: { latencyMs: 400, jitterMs: 200 },
  target: {
    mode: 'fixed-percent',
    value: 20,
    selector: { models: ['aurora-2026'], regions: ['DE', 'NO'], share: 0.5, state: 'applying' },
  },
  schedule: { afterMs: 1_000, forMs: 3_100, everyMs: 60_000, first: 1 },
};

/** The words of a command as a POSIX shell reads them: bare words, and texts in single quotes. */
function shellWords(command: string): string[] {
  const words: string[] = [];
  for (const [word] of command.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/g)) {
    words.push(
      word.replaceAll(
        /'([^']*)'|\\(.)/g,
        (_, quoted: string | undefined, escaped: string) => quoted ?? escaped,
      ),
    );
  }
  return words;
}

/** What `fleetwake fault add` would send for a command. */
async function sentBy(command: string): Promise<object> {
  const [npx, fleetwake, ...words] = shellWords(command);
  expect([npx, fleetwake]).toEqual(['npx', 'fleetwake']);
  const program = await fleetwakeProgram('fault');
  const add = program.commands
    .find((one) => one.name() === 'fault')
    ?.commands.find((one) => one.name() === 'add');
  if (!(add instanceof Command)) throw new Error('fleetwake fault add is a command');
  let sent: object = {};
  add.action((type: string, flags: object) => {
    sent = faultOfFlags(type, flags);
  });
  await program.parseAsync(words, { from: 'user' });
  return sent;
}

describe('the command beside the form', () => {
  it('sends the same fault, with any characters in its name', async () => {
    expect(await sentBy(commandOf(full))).toEqual(full);
  });

  it('sends every fault of the scenario library', async () => {
    const records = shippedNames().flatMap((name) => runningFaults(shippedScenario(name), 1).records);
    const sent = await Promise.all(
      records.map(async (record) => readFault(await sentBy(commandOf(record as FaultRecordFields)))),
    );
    expect(sent).toEqual(records.map((record) => ({ ok: true, record })));
    expect(records.length).toBe(50);
  });

  it('hands a fault of named commands to standard input, as no flag names them', () => {
    const commands = { feature: "it's", kind: 'activation', from: 2, to: 3 };
    const record = {
      name: 'x',
      layer: 'message',
      type: 'lose_ack',
      target: { selector: { commands } },
    };
    const [printf, format, json, ...rest] = shellWords(commandOf(record));
    expect([printf, format, rest.join(' ')]).toEqual([
      ...['printf', '%s', '| npx fleetwake fault add --file -'],
    ]);
    expect(JSON.parse(json ?? '')).toEqual(record);
  });

  it('gives a negative number to its own flag', () => {
    const record = { name: 'x', layer: 'vehicle', type: 'clock_skew', attributes: { skewMs: -5 } };
    expect(commandOf(record)).toBe('npx fleetwake fault add clock_skew --name x --set skewMs=-5');
  });
});

describe('the YAML beside the form', () => {
  it('reads as the same fault in a scenario, with any characters in its name', () => {
    expect(parse(yamlOf(full))).toEqual({ faults: { list: [full] } });
  });

  it.each(['yes', 'null', 'No', '1e3', '', '- x', '2026-01-01'])('keeps %j as a text', (name) => {
    expect(parse(yamlOf({ ...full, name }))).toEqual({ faults: { list: [{ ...full, name }] } });
  });
});

describe('the form', () => {
  const typesOf = (layers: readonly string[]) =>
    faultTypes.filter(({ layer }) => layers.includes(layer)).map(({ type }) => type);
  const sorted = (types: readonly string[]) => types.toSorted((a, b) => a.localeCompare(b));

  it('offers every type of fault, each in its layer and with values that the schema takes', () => {
    const known = faultRecordSchema.options.flatMap((option) =>
      'options' in option ? option.options.map(({ shape }) => shape.type.value) : [],
    );
    const offered = typesOf(['link', 'message', 'vehicle', 'services']);
    expect(sorted(offered)).toEqual(sorted(known));
    for (const type of offered) {
      expect(layerOf(type)).toBe(faultTypes.find((one) => one.type === type)?.layer);
      expect([type, readFault(recordOfDraft({ ...emptyDraft, type })).ok]).toEqual([type, true]);
    }
  });

  it('offers every fault of a component as a part of a scenario', () => {
    const offered = typesOf(['component']);
    expect(sorted(offered)).toEqual(
      sorted(componentFaultSchema.options.map(({ shape }) => shape.type.value)),
    );
    const repeated = { ...emptyDraft, afterSeconds: '1', everySeconds: '5', times: '3' };
    for (const type of offered) {
      const { faults } = parse(yamlOf(recordOfDraft({ ...repeated, type }))) as {
        readonly faults: { readonly parts: readonly unknown[] };
      };
      expect([type, componentFaultSchema.safeParse(faults.parts[0]).error]).toEqual([type, undefined]);
    }
    expect(yamlOf(recordOfDraft({ ...emptyDraft, type: 'broker_restart' }))).toBe(
      [
        'faults:',
        '  parts:',
        '    - name: broker_restart',
        '      type: broker_restart',
        '      schedule: { afterMs: 0 }',
        '      attributes: { forMs: 3000, keepsSessions: false }',
        '',
      ].join('\n'),
    );
    expect(commandOf(recordOfDraft({ ...emptyDraft, type: 'nats_down' }))).toBe(
      'npx fleetwake run scenario.yaml --live',
    );
    expect(commandOf(recordOfDraft({ ...emptyDraft, type: 'crash_at_step' }))).toBe(
      'npx fleetwake run scenario.yaml',
    );
  });

  it('asks for a direction where the fault has two', () => {
    const both = vehicleFaultRecordSchema.options.flatMap(({ shape }) =>
      'stream' in shape && shape.stream.unwrap() instanceof z.ZodEnum ? [shape.type.value] : [],
    );
    expect(sorted(directedTypes)).toEqual(sorted(both));
  });

  it.each<FaultRecordFields>([
    full,
    {
      name: 'answers lost',
      layer: 'message',
      type: 'lose_ack',
      attributes: { withStatus: true },
      target: { selector: { commands: { feature: 'heated_seats', kind: 'deactivation', from: 2, to: 3 } } },
      schedule: { from: 2 },
    },
    {
      name: 'third purchase',
      layer: 'services',
      type: 'server_error',
      attributes: { status: 502 },
      target: { service: 'payments', method: 'POST', path: '/v1/refunds', purchase: 3 },
      schedule: { afterMs: 2_000 },
    },
    {
      name: 'no mail to Ana',
      layer: 'services',
      type: 'smtp_down',
      target: { recipient: 'ana@' },
      schedule: { forMs: 5_000 },
    },
  ])('describes the fault that it was filled with: $type', (record) => {
    expect(recordOfDraft(draftOf(record))).toEqual(record);
  });

  it('describes every preset that it was filled with', () => {
    for (const name of shippedNames())
      for (const record of runningFaults(shippedScenario(name), 1).records)
        expect(readFault(recordOfDraft(draftOf(record as FaultRecordFields)))).toEqual({ ok: true, record });
  });

  it('hands on what is no number, so that the refusal names it', () => {
    const reading = readFault(
      recordOfDraft({ ...emptyDraft, type: 'latency', attributes: { latencyMs: 'soon' } }),
    );
    expect(reading.ok ? [] : reading.mistakes).toEqual([expect.stringContaining('attributes.latencyMs')]);
  });
});

describe('the windows of a fault in a chart', () => {
  const span = { from: 1_000, until: 10_000 };

  it.each([
    [{ addedAt: 500 }, [[1_000, 10_000]]],
    [{ addedAt: 2_000, schedule: { afterMs: 1_000, forMs: 2_000 } }, [[3_000, 5_000]]],
    [{ addedAt: 0, schedule: { forMs: 500 } }, []],
    [
      { addedAt: 0, schedule: { forMs: 1_000, everyMs: 4_000 } },
      [
        [4_000, 5_000],
        [8_000, 9_000],
      ],
    ],
    [{ addedAt: 0, schedule: { forMs: 1, everyMs: 2 } }, [[1_000, 10_000]]],
    [{ addedAt: 11_000 }, []],
    [{ addedAt: 2_000, removedAt: 4_000 }, [[2_000, 4_000]]],
    [{ addedAt: 0, removedAt: 900 }, []],
    [
      { addedAt: 0, removedAt: 8_500, schedule: { forMs: 1_000, everyMs: 4_000 } },
      [
        [4_000, 5_000],
        [8_000, 8_500],
      ],
    ],
  ])('of %j are %j', (times, expected) => {
    expect(faultWindows(times, span).map(({ from, until }) => [from, until])).toEqual(expected);
  });
});
