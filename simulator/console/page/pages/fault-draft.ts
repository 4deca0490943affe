import type { FaultRecordFields } from './fault-record.ts';
import { channelTypes, type FaultType, faultTypes } from './fault-types.ts';

/** The fields of the form, as they were typed. An empty text leaves its part of the fault out. */
export interface FaultDraft {
  readonly type: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly vins: string;
  readonly models: string;
  readonly regions: string;
  readonly share: string;
  readonly state: string;
  readonly mode: string;
  readonly value: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly toxicity: string;
  readonly afterSeconds: string;
  readonly forSeconds: string;
  readonly everySeconds: string;
  readonly first: string;
}

export const emptyDraft: FaultDraft = {
  ...{ type: 'offline', name: '', attributes: {}, vins: '', models: '', regions: '', share: '', state: '' },
  ...{ mode: '', value: '', service: 'api_iot', method: '', path: '', toxicity: '' },
  ...{ afterSeconds: '', forSeconds: '60', everySeconds: '', first: '' },
};

export function typeOf(name: string): FaultType {
  const type = faultTypes.find((one) => one.type === name) ?? faultTypes[0];
  if (type === undefined) throw new Error('the form offers types of faults');
  return type;
}

/** Returns the record that the form describes; the control of faults says whether it can be. */
export function recordOfDraft(draft: FaultDraft): FaultRecordFields {
  const { type, layer, attributes } = typeOf(draft.type);
  const fields = attributes.flatMap(({ name, kind, value: first }) => {
    const given = (draft.attributes[name] ?? first).trim();
    if (given === '') return [];
    return [[name, kind === 'number' ? numberOf(given) : kind === 'boolean' ? true : given]];
  });
  const target = layer === 'services' ? serviceTarget(draft) : vehicleTarget(draft);
  const schedule = some({
    afterMs: ms(draft.afterSeconds),
    forMs: ms(draft.forSeconds),
    everyMs: ms(draft.everySeconds),
    first: number(draft.first),
  });
  const toxicity = percent(draft.toxicity);
  return {
    ...{ name: draft.name.trim() || type, layer, type },
    ...(toxicity === undefined ? {} : { toxicity }),
    ...(fields.length === 0 ? {} : { attributes: Object.fromEntries(fields) }),
    ...(target === undefined ? {} : { target }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** Fills the form with a fault that there is, to change it. */
export function draftOf(record: FaultRecordFields): FaultDraft {
  const { target = {}, schedule = {} } = record;
  const { selector = {} } = target;
  const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));
  const seconds = (value: number | undefined | null) =>
    value === undefined || value === null ? '' : String(value / 1_000);
  const share = (value: number | undefined) =>
    value === undefined || value === 1 ? '' : String(value * 100);
  return {
    ...{ type: record.type, name: record.name === record.type ? '' : record.name },
    attributes: Object.fromEntries(
      Object.entries(record.attributes ?? {}).map(([name, value]) => [
        name,
        value === false ? '' : text(value),
      ]),
    ),
    vins: (selector.vins ?? []).join(' '),
    models: (selector.models ?? []).join(' '),
    regions: (selector.regions ?? []).join(' '),
    share: share(selector.share),
    state: text(selector.state),
    ...{ mode: target.mode === 'all' ? '' : text(target.mode), value: text(target.value) },
    ...{ service: text(target.service) || 'api_iot', method: text(target.method), path: text(target.path) },
    toxicity: share(record.toxicity),
    afterSeconds: schedule.afterMs === 0 ? '' : seconds(schedule.afterMs),
    forSeconds: seconds(schedule.forMs),
    everySeconds: seconds(schedule.everyMs),
    first: text(schedule.first),
  };
}

function vehicleTarget(draft: FaultDraft) {
  const selector = some({
    vins: list(draft.vins),
    models: list(draft.models),
    regions: list(draft.regions),
    share: percent(draft.share),
    state: draft.state || undefined,
  });
  return some({
    mode: draft.mode || undefined,
    value: draft.mode === '' ? undefined : number(draft.value),
    selector,
  });
}

function serviceTarget({ type, service, method, path }: FaultDraft) {
  if (channelTypes.includes(type)) return undefined;
  return some({ service, method: method.trim() || undefined, path: path.trim() || undefined });
}

function list(text: string): string[] | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  return words.length === 0 ? undefined : words;
}

/** What is no number goes as it was typed, so that the refusal names it. */
function numberOf(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

function number(text: string): number | undefined {
  return text.trim() === '' ? undefined : (numberOf(text.trim()) as number);
}

function ms(seconds: string): number | undefined {
  const value = number(seconds);
  return typeof value === 'number' ? Math.round(value * 1_000) : value;
}

function percent(text: string): number | undefined {
  const value = number(text);
  return typeof value === 'number' ? value / 100 : value;
}

/** Undefined without a field. */
function some<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } | undefined {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : (Object.fromEntries(given) as never);
}
