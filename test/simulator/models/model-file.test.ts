import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readModelFile } from '../../../simulator/models/model-file.ts';
import { modelJsonSchema } from '../../../simulator/models/model-schema.ts';
import {
  readModelsFolder,
  shippedModels,
  shippedModelsFolder,
} from '../../../simulator/models/models-folder.ts';
import { standardSignals } from '../../../simulator/models/standard-signals.ts';

const head = [
  'id: delta-2027',
  'vin: "WFWDLT4E*VD######"',
  'firmware: "1.0.0"',
  'battery: { capacityKwh: 60, kwhPerKm: 0.17 }',
  'features:',
];
const smallest = [...head, '  - id: massage_seats', ''].join('\n');

const read = (...features: string[]) => readModelFile([...head, ...features, ''].join('\n'), 'delta.yaml');

function mistakesOf(...features: string[]): readonly string[] {
  const reading = read(...features);
  return reading.ok ? [] : reading.mistakes;
}

describe('the shipped models', () => {
  it('are the three files of the library, with what the constants in the code said before', () => {
    expect(
      shippedModels().map(({ id, name, firmware, features, vinPrefix, vinPlant, batteryKwh, kwhPerKm }) => ({
        ...{ id, name, firmware, features, vinPrefix, vinPlant, batteryKwh, kwhPerKm },
      })),
    ).toEqual([
      {
        id: 'aurora-2026',
        name: 'Aurora 2026',
        firmware: '4.2.0',
        features: [
          ...['heated_seats', 'adaptive_cruise', 'range_boost'],
          ...['ambient_light', 'remote_start', 'sport_mode'],
        ],
        vinPrefix: 'WFWAUR1E',
        vinPlant: 'TA',
        batteryKwh: 77,
        kwhPerKm: 0.18,
      },
      {
        id: 'borealis-2026',
        name: 'Borealis 2026',
        firmware: '4.2.0',
        features: ['heated_seats', 'adaptive_cruise', 'range_boost', 'ambient_light', 'remote_start'],
        vinPrefix: 'WFWBRE2E',
        vinPlant: 'TB',
        batteryKwh: 64,
        kwhPerKm: 0.16,
      },
      {
        id: 'cirrus-2025',
        name: 'Cirrus 2025',
        firmware: '3.9.1',
        features: ['heated_seats', 'ambient_light', 'remote_start'],
        vinPrefix: 'WFWCRS3E',
        vinPlant: 'SC',
        batteryKwh: 52,
        kwhPerKm: 0.15,
      },
    ]);
  });

  it('list the signals that a model without signals gets', () => {
    const seat = 'Vehicle.Cabin.Seat.Row1.DriverSide.Heating';
    for (const { signals } of shippedModels()) {
      expect(signals.filter(({ path }) => path !== seat)).toEqual(standardSignals);
      expect(signals.find(({ path }) => path === seat)).toEqual({
        ...{ path: seat, type: 'int8', unit: 'percent' },
        generator: { from: 'feature', feature: 'heated_seats', active: 100, dormant: 0 },
      });
    }
  });

  it('are valid by the shipped JSON Schema, which is the one of this code', () => {
    const schema = JSON.parse(readFileSync('schemas/vehicle-model.schema.json', 'utf8'));
    expect(schema).toEqual(JSON.parse(JSON.stringify(modelJsonSchema())));
    const validate = new Ajv({ strict: false }).compile(schema);
    for (const name of readdirSync(shippedModelsFolder())) {
      validate(parse(readFileSync(join(shippedModelsFolder(), name), 'utf8')));
      expect(validate.errors, name).toBeNull();
    }
  });
});

describe('a model file', () => {
  it('gives every field that is left out its default', () => {
    const reading = readModelFile(smallest, 'delta.yaml');
    expect(reading.ok && reading.model).toEqual({
      id: 'delta-2027',
      name: 'Delta 2027',
      firmware: '1.0.0',
      ecus: [],
      features: ['massage_seats'],
      known: [
        {
          id: 'massage_seats',
          kind: 'optional',
          requires: [],
          whenNotReady: 'retry',
          hasHardware: true,
          ecu: null,
          parameters: [],
          preconditions: {},
          applyMs: 150,
          loadKw: 0,
        },
      ],
      vinPrefix: 'WFWDLT4E',
      vinPlant: 'VD',
      batteryKwh: 60,
      kwhPerKm: 0.17,
      trips: { driveMs: [180_000, 2_400_000], stopMs: [120_000, 1_800_000] },
      signals: standardSignals,
    });
  });

  it('may be JSON', () => {
    expect(readModelFile(JSON.stringify(parse(smallest)), 'delta.json').ok).toBe(true);
  });

  it.each([
    [
      'a range upside down',
      ['  - id: seats', '    parameters: { level: { type: integer, min: 5, max: 3, default: 4 } }'],
      'delta.yaml:7:48: features[0].parameters.level.min is 5, above max 3; write a min that is not larger than max',
    ],
    [
      'a default out of range',
      ['  - id: seats', '    parameters: { level: { type: integer, min: 1, max: 3, default: 7 } }'],
      'delta.yaml:7:68: features[0].parameters.level.default is 7; write at most 3',
    ],
    [
      'a default of another type',
      ['  - id: seats', '    parameters: { level: { type: boolean, default: 2 } }'],
      'delta.yaml:7:52: features[0].parameters.level.default is 2; write true or false',
    ],
    [
      'a default that is none of the values',
      ['  - id: seats', '    parameters: { zone: { type: string, oneOf: [front], default: rear } }'],
      'delta.yaml:7:66: features[0].parameters.zone.default is "rear"; write one of "front"',
    ],
    [
      'a range of a text',
      ['  - id: seats', '    parameters: { zone: { type: string, min: 1, default: rear } }'],
      'delta.yaml:7:41: features[0].parameters.zone.min belongs to numbers, and the type is string; remove it',
    ],
    [
      'a circle of dependencies',
      ['  - { id: a, requires: [b] }', '  - { id: b, requires: [c] }', '  - { id: c, requires: [a] }'],
      'delta.yaml:8:25: features[2].requires[0] is "a", which closes the circle a → b → c → a; remove one of these dependencies',
    ],
    [
      'a dependency on itself',
      ['  - { id: a, requires: [a] }'],
      'delta.yaml:6:25: features[0].requires[0] is "a", which closes the circle a → a; remove one of these dependencies',
    ],
    [
      'a dependency that is not there',
      ['  - { id: a, requires: [b] }'],
      'delta.yaml:6:25: features[0].requires[0] is "b", which this model does not have; write another feature of this file, or remove it',
    ],
    [
      'a dependency without hardware',
      ['  - { id: a, requires: [b] }', '  - { id: b, hardware: false }'],
      'delta.yaml:6:25: features[0].requires[0] is "b", whose hardware this model lacks; write another feature of this file, or remove it',
    ],
    [
      'a parked vehicle with the ignition on',
      ['  - { id: a, preconditions: { parked: true, ignition: on } }'],
      'delta.yaml:6:55: features[0].preconditions.ignition is "on", and a parked vehicle has its ignition off; write off, or remove parked',
    ],
    [
      'an unknown control unit',
      ['  - { id: a, ecu: body }'],
      'delta.yaml:6:19: features[0].ecu is "body", which this model does not have; add it to ecus',
    ],
    [
      'a feature twice',
      ['  - { id: a }', '  - { id: a }'],
      'delta.yaml:7:11: features[1].id is "a" as in features[0]; write each of them once',
    ],
    [
      'a data type that VSS has not',
      ['  - { id: a }', 'signals:', '  - { path: Vehicle.Speed, type: decimal, generator: { from: speed } }'],
      'delta.yaml:8:34: signals[0].type is "decimal"; write a data type of VSS: boolean, string, string[], float, double, uint8, int8, uint16, int16, uint32, int32, uint64, int64',
    ],
    [
      'a generator of another kind of value',
      ['  - { id: a }', 'signals:', '  - { path: Vehicle.Speed, type: boolean, generator: { from: speed } }'],
      'delta.yaml:8:34: signals[0].type is "boolean", and the generator speed makes number; write float, double, uint8, int8, uint16, int16, uint32, int32, uint64, int64',
    ],
    [
      'a signal of a feature that is not there',
      [
        '  - { id: a }',
        'signals:',
        '  - { path: Vehicle.A, type: boolean, generator: { from: feature, feature: b } }',
      ],
      'delta.yaml:8:76: signals[0].generator.feature is "b", which this model does not have; write one of a',
    ],
    [
      'a field that models have not',
      ['  - { id: a, colour: red }'],
      'delta.yaml:6:14: features[0].colour is no field of a vehicle model; remove it or correct its name',
    ],
  ])('is refused for %s, with line, column and what to write', (_, features, mistake) => {
    expect(mistakesOf(...features)).toEqual([mistake]);
  });

  it('is refused for a VIN pattern that makes no VIN, and for a version that YAML reads as a number', () => {
    const text = smallest.replace('WFWDLT4E*VD######', 'WFWDLT4E').replace('"1.0.0"', '1.0');
    const reading = readModelFile(text, 'delta.yaml');
    expect(reading.ok ? [] : reading.mistakes).toEqual([
      'delta.yaml:2:6: vin is "WFWDLT4E"; write 8 characters, * for the check digit, 2 characters and ###### for the serial number, such as "WFWAUR1E*TA######"; a VIN has no I, O and Q',
      'delta.yaml:3:11: firmware is 1; write a version in quotes, such as "4.2.0"',
    ]);
  });
});

describe('a folder of models', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'models-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const mistakes = () => {
    const reading = readModelsFolder(folder);
    return reading.ok ? [] : reading.mistakes;
  };

  it('reads its YAML and JSON files in the order of their names', () => {
    writeFileSync(join(folder, 'b.yml'), smallest);
    const other = { ...parse(smallest), id: 'echo-2027', vin: 'WFWECH4E*VD######' };
    writeFileSync(join(folder, 'a.json'), JSON.stringify(other));
    writeFileSync(join(folder, 'README.md'), 'no model');
    const reading = readModelsFolder(folder);
    expect(reading.ok && reading.models.map(({ id }) => id)).toEqual(['echo-2027', 'delta-2027']);
  });

  it('is refused for two models with one id or one VIN pattern', () => {
    writeFileSync(join(folder, 'a.yaml'), smallest);
    writeFileSync(join(folder, 'b.yaml'), smallest);
    expect(mistakes()).toEqual([
      `${folder}/b.yaml:1:5: id is "delta-2027" as at ${folder}/a.yaml:1:5; give one of them another id`,
      `${folder}/b.yaml:2:6: vin is "WFWDLT4E*VD######" as at ${folder}/a.yaml:2:6; give one of them another pattern`,
    ]);
  });

  it('is refused for a file that is too large', () => {
    writeFileSync(join(folder, 'a.yaml'), `${smallest}# ${'x'.repeat(1_000_000)}\n`);
    expect(mistakes()).toEqual([`${folder}/a.yaml: it has more than 1000000 bytes; name a smaller file`]);
  });

  it('is refused when it has no model, and when it is not there', () => {
    expect(mistakes()).toEqual([`${folder}: has no vehicle model; add one, such as aurora-2026.yaml`]);
    const reading = readModelsFolder(join(folder, 'away'));
    expect(reading.ok ? [] : reading.mistakes).toEqual([
      `${folder}/away: there is no such folder; name a folder of vehicle models`,
    ]);
  });
});
