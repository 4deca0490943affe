import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { faultOfFlags } from '../../../simulator/cli/fault-request.ts';
import { fleetwakeProgram } from '../../../simulator/cli/program.ts';
import { draftOf, emptyDraft, recordOfDraft } from '../../../simulator/console/page/pages/fault-draft.ts';
import {
  commandOf,
  type FaultRecordFields,
  yamlOf,
} from '../../../simulator/console/page/pages/fault-record.ts';
import { faultTypes } from '../../../simulator/console/page/pages/fault-types.ts';
import { faultWindows } from '../../../simulator/console/page/pages/fault-window.ts';
import { readFault } from '../../../simulator/control/read-fault.ts';
import { faultRecordSchema, layerOf } from '../../../simulator/faults/fault.ts';
import { shippedNames, shippedScenario } from '../../../simulator/scenarios/library.ts';

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
    expect(await sentBy(commandOf(full) ?? '')).toEqual(full);
  });

  it('sends every fault of the scenario library that the command has flags for', async () => {
    const records = shippedNames().flatMap((name) => shippedScenario(name).faults?.list ?? []);
    const sent = await Promise.all(
      records.map(async (record) => {
        const command = commandOf(record as FaultRecordFields);
        return command === null ? record : readFault(await sentBy(command));
      }),
    );
    const expected = records.map((record) =>
      commandOf(record as FaultRecordFields) === null ? record : { ok: true, record },
    );
    expect(sent).toEqual(expected);
    expect(records.length).toBeGreaterThan(5);
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
  it('offers every type of fault, each in its layer and with values that the schema takes', () => {
    const offered = faultTypes.map(({ type }) => type).toSorted((a, b) => a.localeCompare(b));
    const known = faultRecordSchema.options.flatMap((option) =>
      'options' in option ? option.options.map(({ shape }) => shape.type.value) : [],
    );
    expect(offered).toEqual(known.toSorted((a, b) => a.localeCompare(b)));
    for (const { type, layer } of faultTypes) {
      expect(layerOf(type)).toBe(layer);
      expect([type, readFault(recordOfDraft({ ...emptyDraft, type })).ok]).toEqual([type, true]);
    }
  });

  it('describes the fault that it was filled with', () => {
    const { stream: _, ...record } = full;
    expect(recordOfDraft(draftOf(record))).toEqual(record);
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
  ])('of %j are %j', (times, expected) => {
    expect(faultWindows(times, span).map(({ from, until }) => [from, until])).toEqual(expected);
  });
});
