import { describe, expect, it } from 'vitest';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { CatalogueError } from '../../../gateway/catalogue/faults.ts';
import type { CatalogueFiles } from '../../../gateway/catalogue/files.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../../gateway/catalogue/load.ts';
import { shortenCatalogueTimes, withPolicies } from '../../../gateway/catalogue/policies.ts';

const template = { parameters: { levels: 3 }, display: { receiving: 'Receiving', applied: 'On' } };
const seats = {
  id: 'seats',
  name: 'Heated seats',
  feature: 'heated_seats',
  offers: [{ duration: { unit: 'months', count: 1 }, price: { amountMinor: 1490, currency: 'EUR' } }],
};

function filesOf(tree: Record<string, unknown>): CatalogueFiles {
  return {
    list(folder) {
      const prefix = `${folder}/`;
      const below = Object.keys(tree).filter((path) => path.startsWith(prefix));
      if (below.length === 0) throw new Error('no such folder');
      return [...new Set(below.map((path) => path.slice(prefix.length).split('/')[0] ?? ''))];
    },
    text(path) {
      const content = tree[path];
      if (content === undefined) throw new Error('no such file');
      return typeof content === 'string' ? content : JSON.stringify(content);
    },
  };
}

const valid = { 'services.json': { services: [seats] }, 'templates/seats/aurora.v1.json': template };

function faultsOf(tree: Record<string, unknown>): readonly string[] {
  try {
    loadCatalogue(filesOf({ ...valid, ...tree }));
    return [];
  } catch (error) {
    if (error instanceof CatalogueError) return error.faults;
    throw error;
  }
}

const services = (...list: object[]) => ({ 'services.json': { services: list } });

describe('the catalogue that is shipped', () => {
  const catalogue = loadCatalogue(catalogueFolder(shippedCatalogueFolder()));

  it('sells six services, each with several durations in EUR, two of them paid at once', () => {
    const shape = catalogue
      .services()
      .map(({ id, feature, capture, offers }) => [id, feature, capture, offers.length]);
    expect(shape).toEqual([
      ['heated-seats', 'heated_seats', 'on_delivery', 4],
      ['adaptive-cruise', 'adaptive_cruise', 'immediately', 4],
      ['range-boost', 'range_boost', 'on_delivery', 3],
      ['ambient-light', 'ambient_light', 'on_delivery', 3],
      ['remote-start', 'remote_start', 'on_delivery', 3],
      ['sport-mode', 'sport_mode', 'immediately', 4],
    ]);
    const currencies = catalogue
      .services()
      .flatMap(({ offers }) => offers.map(({ price }) => price.currency));
    expect(new Set(currencies)).toEqual(new Set(['EUR']));
  });

  it('has templates for exactly the features of each model', () => {
    const modelsOf = (model: string) =>
      catalogue
        .services()
        .filter(({ id }) => catalogue.configuration(id, model) !== null)
        .map(({ id }) => id);
    const all = catalogue.services().map(({ id }) => id);
    expect(modelsOf('aurora-2026')).toEqual(all);
    expect(modelsOf('borealis-2026')).toEqual(all.filter((id) => id !== 'sport-mode'));
    expect(modelsOf('cirrus-2025')).toEqual(['heated-seats', 'ambient-light', 'remote-start']);
    expect(modelsOf('unknown-2000')).toEqual([]);
  });

  it('configures with the newest version of a template', () => {
    expect(catalogue.configuration('heated-seats', 'aurora-2026')).toEqual({
      serviceId: 'heated-seats',
      model: 'aurora-2026',
      version: 2,
      parameters: { levels: 3, zones: 'front,rear', maxTemperatureCelsius: 42 },
      adjustable: { levels: { min: 1, max: 3 }, zones: { oneOf: ['front', 'rear', 'front,rear'] } },
      display: { receiving: 'Receiving configuration', applied: 'Feature enabled: Heated seats' },
    });
  });
});

describe('a catalogue', () => {
  it('takes version 10 for newer than version 9', () => {
    const tree = {
      ...valid,
      'templates/seats/aurora.v10.json': template,
      'templates/seats/aurora.v9.json': template,
    };
    expect(loadCatalogue(filesOf(tree)).configuration('seats', 'aurora')?.version).toBe(10);
  });

  it('lays what a service says of its policy over the standard one', () => {
    const tree = { ...valid, ...services({ ...seats, policy: { maxRetries: 3, deadlineMs: null } }) };
    expect(loadCatalogue(filesOf(tree)).service('seats')?.policy).toEqual({
      ...standardPolicy,
      maxRetries: 3,
      deadlineMs: null,
    });
  });

  it('is compressed in the durations of its policies, and in nothing else', () => {
    const catalogue = loadCatalogue(filesOf(valid));
    const fast = shortenCatalogueTimes(catalogue, 150);
    expect(fast.service('seats')).toEqual({
      ...catalogue.service('seats'),
      policy: {
        maxRetries: 5,
        baseDelayMs: 200,
        maxDelayMs: 6_000,
        jitter: 0,
        pollEveryMs: 200,
        resultGraceMs: 33,
        deadlineMs: 576_000,
        settlementMs: 2_880_000,
      },
    });
    expect(fast.services()).toEqual([fast.service('seats')]);
    expect(fast.configuration('seats', 'aurora')).toEqual(catalogue.configuration('seats', 'aurora'));
  });

  it('refuses a policy of a scenario that would never grow', () => {
    const change = () =>
      withPolicies(loadCatalogue(filesOf(valid)), (policy) => ({ ...policy, maxDelayMs: 1 }));
    expect(change).toThrow(
      'The catalogue cannot be used:\n- policy of seats: maxDelayMs (1) is below baseDelayMs (30000): no wait would ever grow; raise maxDelayMs.',
    );
  });
});

describe('a faulty catalogue is refused with file, field and fix:', () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'no file',
      { 'services.json': undefined },
      ['services.json cannot be read: no such file; put it there or name another catalogue folder.'],
    ],
    [
      'a missing field',
      services({ ...seats, name: undefined }),
      ['services.json: services[0].name is missing; write the name that customers see.'],
    ],
    [
      'a wrong type',
      services({
        ...seats,
        offers: [{ ...seats.offers[0], price: { amountMinor: '14.90', currency: 'EUR' } }],
      }),
      [
        'services.json: services[0].offers[0].price.amountMinor is "14.90"; write the price in minor units, a whole number from 1 to 99999999.',
      ],
    ],
    [
      'a currency in small letters',
      services({ ...seats, offers: [{ ...seats.offers[0], price: { amountMinor: 1, currency: 'eur' } }] }),
      [
        'services.json: services[0].offers[0].price.currency is "eur"; write three capital letters (ISO 4217), such as EUR.',
      ],
    ],
    [
      'a currency that ISO 4217 does not know',
      services({ ...seats, offers: [{ ...seats.offers[0], price: { amountMinor: 1, currency: 'EUX' } }] }),
      [
        'services.json: services[0].offers[0].price.currency is "EUX"; write a currency that ISO 4217 knows, such as EUR.',
      ],
    ],
    [
      'an unknown unit',
      services({ ...seats, offers: [{ ...seats.offers[0], duration: { unit: 'weeks', count: 1 } }] }),
      [
        'services.json: services[0].offers[0].duration.unit is "weeks"; write a duration whose unit is hours, days, months or permanent.',
      ],
    ],
    [
      'a misspelt field',
      services({ ...seats, captrue: 'immediately' }),
      ['services.json: services[0] has the unknown field "captrue"; did you mean capture?'],
    ],
    [
      'an unknown capture',
      services({ ...seats, capture: 'later' }),
      ['services.json: services[0].capture is "later"; write on_delivery or immediately.'],
    ],
    [
      'a policy that retries without end',
      services({ ...seats, policy: { maxRetries: null } }),
      ['services.json: services[0].policy.maxRetries is null; write a whole number of retries.'],
    ],
    [
      'a policy whose wait never grows',
      services({ ...seats, policy: { maxDelayMs: 1_000 } }),
      [
        'services.json: services[0].policy cannot be used: maxDelayMs (1000) is below baseDelayMs (30000): no wait would ever grow; raise maxDelayMs.',
      ],
    ],
    [
      'two services of one id',
      services(seats, seats),
      ['services.json: services[1].id is "seats" as in services[0]; give it another id.'],
    ],
    [
      'two prices for one duration',
      services({ ...seats, offers: [seats.offers[0], seats.offers[0]] }),
      ['services.json: services[0].offers[1].duration is 1 month as in offers[0]; a duration has one price.'],
    ],
    [
      'a service without a template',
      services(seats, { ...seats, id: 'light' }),
      ['templates/light: the service has no template; add templates/light/{model}.v1.json.'],
    ],
    [
      'a folder of no service',
      { 'templates/seets/aurora.v1.json': template },
      ['templates/seets: no service has the id "seets"; rename the folder or add the service.'],
    ],
    [
      'a template without a version',
      { 'templates/seats/aurora.json': template },
      [
        'templates/seats/aurora.json: the name must be {model}.v{version}.json; rename it, such as aurora-2026.v1.json.',
      ],
    ],
    [
      'a parameter that is a list, and a text too long for the display',
      {
        'templates/seats/aurora.v1.json': {
          parameters: { zones: ['front'] },
          display: { receiving: 'R'.repeat(81), applied: '' },
        },
      },
      [
        'templates/seats/aurora.v1.json: parameters.zones is ["front"]; write a text of at most 256 characters, a number, true or false.',
        `templates/seats/aurora.v1.json: display.receiving is "${'R'.repeat(56)}...; write at most 80 characters, the display has no more.`,
        'templates/seats/aurora.v1.json: display.applied is ""; write the text that the display shows.',
      ],
    ],
  ])('%s', (_, tree, sentences) => {
    expect(faultsOf(tree)).toEqual(sentences);
  });

  it('broken JSON, with the place that the parser names', () => {
    expect(faultsOf({ 'templates/seats/aurora.v1.json': '{"parameters": {,' })).toEqual([
      expect.stringMatching(
        /^templates\/seats\/aurora\.v1\.json is not JSON \(.*\); correct it at that place\.$/,
      ),
    ]);
  });
});

describe('the texts of a catalogue', () => {
  it.each([
    ['\u200b\u202e', 'write a name that shows something'],
    ['Heated\u0007 seats', 'write the name without control characters'],
  ])('include no service called %j', (name, cure) => {
    expect(faultsOf(services({ ...seats, name })).map((fault) => fault.split('; ')[1])).toEqual([`${cure}.`]);
  });

  it('are kept on one line without characters that show nothing', () => {
    const tree = { ...valid, ...services({ ...seats, name: ' Heated\u202e \u200bseats ' }) };
    expect(loadCatalogue(filesOf(tree)).service('seats')?.name).toBe('Heated seats');
  });

  it('include no display text that shows nothing', () => {
    const display = { receiving: '\u200b', applied: 'On' };
    const faults = faultsOf({ 'templates/seats/aurora.v1.json': { ...template, display } });
    expect(faults.map((fault) => fault.split('; ')[1])).toEqual(['write a text that shows something.']);
  });
});
