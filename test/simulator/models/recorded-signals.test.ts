import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModelFile } from '../../../simulator/models/model-file.ts';
import { readModelsFolder } from '../../../simulator/models/models-folder.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from '../cli/command-in-process.ts';

const speed = '{ path: Vehicle.Speed, type: float, generator: { from: recorded, file: drive.csv } }';
const parking =
  '{ path: Vehicle.Chassis.ParkingBrake.IsEngaged, type: boolean, generator: { from: recorded, file: drive.csv, atEnd: hold } }';
const model = (...signals: readonly string[]) => `id: delta-2027
vin: "WFWDLT4E*VD######"
firmware: "1.0.0"
battery: { capacityKwh: 60, kwhPerKm: 0.17 }
features: [{ id: massage_seats }]
signals:
${signals.map((signal) => `  - ${signal}\n`).join('')}`;

/** As KUKSA publishes its own example, but for the numbers. */
const drive = `field,signal,value,delay
target,Vehicle.Chassis.ParkingBrake.IsEngaged,false,0
current,Vehicle.Chassis.ParkingBrake.IsEngaged,true,0
current,Vehicle.Speed,27,1.5
current,Vehicle.Speed,48,0.5
current,Vehicle.Speed,24,0.5
`;

const read = (csv: string, ...signals: readonly string[]) =>
  readModelFile(model(...signals), 'delta.yaml', (name) => ({ path: name, text: csv }));

function generatorsOf(csv: string, ...signals: readonly string[]): unknown[] {
  const reading = read(csv, ...signals);
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  return reading.model.signals.map(({ generator }) => generator);
}

function mistakesOf(csv: string, ...signals: readonly string[]): readonly string[] {
  const reading = read(csv, ...(signals.length === 0 ? [speed] : signals));
  return reading.ok ? [] : reading.mistakes;
}
const file = (lines: readonly string[]) => ['field,signal,value,delay', ...lines, ''].join('\n');
/** A file with these rows of the speed, the first in line 2. */
const rows = (...lines: readonly string[]) => file(lines);

describe('a recorded file', () => {
  it('gives each signal its current values with their times, which the rows of all signals take', () => {
    const recording = { from: 'recorded', file: 'drive.csv', lengthMs: 2_500 };
    expect(generatorsOf(drive, speed, parking)).toEqual([
      { ...recording, atEnd: 'repeat', atMs: [0, 1_500, 2_000], values: [27, 48, 24] },
      { ...recording, atEnd: 'hold', atMs: [0], values: [true] },
    ]);
  });

  it('is read as its recorder writes it: CRLF, a mark at its start, Python values, columns in any order', () => {
    const csv = `\uFEFFdelay,field,signal,value,note
0.25,current,Vehicle.Chassis.ParkingBrake.IsEngaged,True,"parked, locked"
,,,,
1e-1,current,Vehicle.Chassis.ParkingBrake.IsEngaged,False,
`.replaceAll('\n', '\r\n');
    expect(generatorsOf(csv.replace(/^\uFEFF/, ''), parking)).toEqual([
      {
        ...{ from: 'recorded', file: 'drive.csv', atEnd: 'hold', lengthMs: 350 },
        ...{ atMs: [0, 250], values: [true, false] },
      },
    ]);
  });

  it('takes texts in the quotes of the provider, and lists of texts', () => {
    const text = speed.replace('float', 'string');
    const list = speed.replace('float', '"string[]"');
    const values = (csv: string, signal: string) =>
      generatorsOf(csv, signal).map((generator) => (generator as { values: unknown }).values);
    expect(values(rows('current, Vehicle.Speed, |fast, or not|, 1'), text.trim())).toEqual([
      ['fast, or not'],
    ]);
    expect(values(rows('current,Vehicle.Speed,"a, b",1'), text)).toEqual([['a, b']]);
    expect(
      values(rows(`current,Vehicle.Speed,"['P0301', 'U0140']",1`, 'current,Vehicle.Speed,[],1'), list),
    ).toEqual([[['P0301', 'U0140'], []]]);
  });

  it.each([
    [
      'empty',
      '',
      'drive.csv:1: has no column "field" and "signal" and "value" and "delay"; begin with the columns field,signal,value,delay',
    ],
    [
      'without a column',
      'field,signal,value\ncurrent,Vehicle.Speed,27\n',
      'drive.csv:1: has no column "delay"; begin with the columns field,signal,value,delay',
    ],
    [
      'without a row',
      rows(),
      'drive.csv:1: has no row after its header; add one, such as current,Vehicle.Speed,48,1',
    ],
    [
      'with a row that is too short',
      rows('current,Vehicle.Speed,27,1', 'current,Vehicle.Speed,48'),
      'drive.csv:3: has 3 columns, and the header has 4; write field,signal,value,delay',
    ],
    [
      'with a row that is too long',
      rows('current,Vehicle.Speed,27,5,1'),
      'drive.csv:2: has 5 columns, and the header has 4; write field,signal,value,delay; write | before and after a value with a comma',
    ],
    [
      'with another field',
      rows('actual,Vehicle.Speed,27,1'),
      'drive.csv:2: field is "actual"; write current, or target for a command to an actuator',
    ],
    [
      'with an empty signal',
      rows('current,,27,1'),
      'drive.csv:2: signal is empty; write its path, such as Vehicle.Speed',
    ],
    [
      'with an empty value',
      rows('current,Vehicle.Speed,27,1', '', 'current,Vehicle.Speed,,1'),
      'drive.csv:4: value is empty; write the value of Vehicle.Speed, or remove the row',
    ],
    [
      'with a delay that is no number',
      rows('current,Vehicle.Speed,27,soon'),
      'drive.csv:2: delay is "soon"; write the seconds until the next row, 0 to 86400, such as 0.5',
    ],
    [
      'with an empty delay',
      rows('current,Vehicle.Speed,27,'),
      'drive.csv:2: delay is ""; write the seconds until the next row, 0 to 86400, such as 0.5',
    ],
    [
      'with a delay of more than a day',
      rows('current,Vehicle.Speed,27,86401'),
      'drive.csv:2: delay is "86401"; write the seconds until the next row, 0 to 86400, such as 0.5',
    ],
    [
      'with time that runs backwards',
      rows('current,Vehicle.Speed,27,-1'),
      'drive.csv:2: delay is "-1", and time runs forwards; write the seconds until the next row, 0 to 86400, such as 0.5',
    ],
    [
      'with a signal that the model does not have',
      rows(
        'current,Vehicle.Speed,27,1',
        'current,Vehicle.Cabin.Light,1,1',
        'current,Vehicle.Cabin.Light,0,1',
      ),
      'drive.csv:3: signal is "Vehicle.Cabin.Light", which this model does not have; add it to signals, or remove its rows',
    ],
    [
      'with a value of another type',
      rows('current,Vehicle.Speed,fast,1'),
      'drive.csv:2: value is "fast", and Vehicle.Speed is float; write a number',
    ],
    [
      'with a quote that is not closed',
      rows('current,Vehicle.Speed,|27,1'),
      'drive.csv:2: has a | without its other one; write both, or none',
    ],
  ])('is refused when it is %s, with file, line and fix', (_, csv, mistake) => {
    expect(mistakesOf(csv)).toEqual([mistake]);
  });

  it('is refused for a misspelt signal with the one that is meant, and for what is left without a value', () => {
    expect(mistakesOf(rows('current,Vehicle.Sped,27,1'))).toEqual([
      'delta.yaml:7:13: signals[0].path is "Vehicle.Speed", of which drive.csv has no current value; correct one of the two',
      'drive.csv:2: signal is "Vehicle.Sped", which this model does not have; did you mean Vehicle.Speed?',
    ]);
  });

  it.each([
    ['uint8', '256', 'write a whole number from 0 to 255'],
    ['int8', '-129', 'write a whole number from -128 to 127'],
    ['uint16', '1.5', 'write a whole number from 0 to 65535'],
    ['int64', '9007199254740993', 'write a whole number from -9007199254740991 to 9007199254740991'],
    ['double', '1e999', 'write a number'],
    ['boolean', '1', 'write true or false'],
    ['"string[]"', 'P0301', 'write texts in brackets, such as [P0301, U0140]'],
  ])('is refused for a value that %s does not hold', (type, value, hint) => {
    const named = type.replaceAll('"', '');
    expect(mistakesOf(rows(`current,Vehicle.Speed,${value},1`), speed.replace('float', type))).toEqual([
      `drive.csv:2: value is "${value}", and Vehicle.Speed is ${named}; ${hint}`,
    ]);
  });

  it('says at most 20 mistakes, and how many more there are', () => {
    const mistakes = mistakesOf(rows(...Array<string>(30).fill('current,Vehicle.Speed,x,1')));
    expect([mistakes.length, mistakes.at(-1)]).toEqual([21, 'and 10 more']);
  });

  it.each([
    ['value', 'current,Vehicle.Speed,x,1', 'value is "x", and Vehicle.Speed is float; write a number'],
    [
      'delay',
      'current,Vehicle.Speed,1,x',
      'delay is "x"; write the seconds until the next row, 0 to 86400, such as 0.5',
    ],
  ])(
    'is refused with the first mistakes and their number when each of 200,000 rows has a wrong %s',
    (_, row, text) => {
      const mistakes = mistakesOf(file(Array<string>(200_000).fill(row)));
      expect(mistakes).toEqual([
        ...Array.from({ length: 20 }, (_item, index) => `drive.csv:${index + 2}: ${text}`),
        'and 199980 more',
      ]);
    },
  );

  it('is refused with the first mistakes by line when 5,000 rows each name another unknown signal', () => {
    const mistakes = mistakesOf(
      file([
        'current,Vehicle.Speed,1,1',
        ...Array.from({ length: 5_000 }, (_item, index) => `current,Unknown.${index},1,1`),
      ]),
    );
    expect([mistakes.length, mistakes[0], mistakes.at(-1)]).toEqual([
      21,
      'drive.csv:3: signal is "Unknown.0", which this model does not have; add it to signals, or remove its rows',
      'and 4980 more',
    ]);
  });

  it('may have rows of signals with another generator, which take their time', () => {
    const generated = speed.replace('from: recorded, file: drive.csv', 'from: speed');
    expect(generatorsOf(drive, generated, parking)[0]).toEqual({ from: 'speed' });
  });
});

describe('the file that a signal names', () => {
  it.each(['../drive.csv', '/etc/passwd', 'a/../../drive.csv', './drive.csv', '.hidden.csv', 'a\\b.csv', ''])(
    'is refused when it leads out of the folder of the model: %j',
    (file) => {
      const text = model(speed.replace('drive.csv', JSON.stringify(file)));
      const reading = readModelFile(text, 'delta.yaml', () => ({ path: file, text: drive }));
      expect(reading.ok ? [] : reading.mistakes).toEqual([
        `delta.yaml:7:76: signals[0].generator.file is ${JSON.stringify(file)}; write the path of a CSV file in the folder of the model, such as drive.csv or recordings/drive.csv`,
      ]);
    },
  );

  it('is read beside the model and below it, and is refused when it is missing, a link elsewhere or too large', async () => {
    await withTemporaryFolder(async (folder) => {
      const models = join(folder, 'models');
      mkdirSync(join(models, 'recordings'), { recursive: true });
      const write = (file: string) =>
        writeFileSync(join(models, 'delta.yaml'), model(speed.replace('drive.csv', file), parking));
      const found = () => {
        const reading = readModelsFolder(models);
        return reading.ok
          ? reading.models.length
          : reading.mistakes.map((text) => text.replaceAll(models, 'models'));
      };
      const at = 'models/delta.yaml:7:76: signals[0].generator.file';
      writeFileSync(join(models, 'drive.csv'), drive);
      writeFileSync(join(models, 'recordings/drive.csv'), drive);
      write('recordings/drive.csv');
      expect(found()).toBe(1);
      write('away.csv');
      expect(found()).toEqual([
        `${at} is "away.csv", and no such file is in the folder of the model; correct its name`,
      ]);
      writeFileSync(join(folder, 'secret.csv'), drive);
      symlinkSync('../secret.csv', join(models, 'link.csv'));
      write('link.csv');
      expect(found()).toEqual([
        `${at} is "link.csv", which leads out of the folder of the model; put the file itself there`,
      ]);
      writeFileSync(join(models, 'large.csv'), 'x'.repeat(16_000_001));
      write('large.csv');
      expect(found()).toEqual([
        `${at} is "large.csv", and it has more than 16000000 bytes; name a smaller file`,
      ]);
      write('recordings');
      expect(found()).toEqual([`${at} is "recordings", and it is a folder; name a file that can be read`]);
    });
  });

  it('is listed by fleetwake models without its values', async () => {
    await withTemporaryFolder(async (folder) => {
      writeFileSync(join(folder, 'delta.yaml'), model(speed, parking));
      writeFileSync(join(folder, 'drive.csv'), drive);
      const { stdout, error } = await inProcess(['models', '--models', folder, '--json']);
      expect(error).toBeNull();
      expect(JSON.parse(stdout)[0].signals.map(({ generator }: { generator: object }) => generator)).toEqual([
        { from: 'recorded', file: 'drive.csv', atEnd: 'repeat', lengthMs: 2_500, values: 3 },
        { from: 'recorded', file: 'drive.csv', atEnd: 'hold', lengthMs: 2_500, values: 1 },
      ]);
      const text = await inProcess(['models', '--models', folder]);
      expect(text.stdout.split('\n').slice(1)).toEqual([
        '  massage_seats',
        '  recorded: drive.csv, 2.5 s, repeated: Vehicle.Speed',
        '  recorded: drive.csv, 2.5 s, then held: Vehicle.Chassis.ParkingBrake.IsEngaged',
        '',
      ]);
    });
  });
});
