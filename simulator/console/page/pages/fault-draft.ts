import type { FaultRecordFields } from './fault-record.ts';
import { channelTypes, crashPointTypes, directedTypes, type FaultType, faultTypes } from './fault-types.ts';

/** The fields of the form, as they were typed. An empty text leaves its part of the fault out. */
export interface FaultDraft {
  readonly type: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly stream: string;
  readonly vins: string;
  readonly models: string;
  readonly regions: string;
  readonly share: string;
  readonly state: string;
  /** Of the commands that the fault is for: their feature, kind, and place from the first on. */
  readonly commandFeature: string;
  readonly commandKind: string;
  readonly commandFrom: string;
  readonly commandTo: string;
  readonly mode: string;
  readonly value: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly purchase: string;
  readonly recipient: string;
  readonly toxicity: string;
  readonly afterSeconds: string;
  readonly forSeconds: string;
  readonly everySeconds: string;
  readonly from: string;
  readonly first: string;
  readonly times: string;
}

export const emptyDraft: FaultDraft = {
  ...{ type: 'offline', name: '', attributes: {}, stream: '' },
  ...{ vins: '', models: '', regions: '', share: '', state: '', mode: '', value: '' },
  ...{ commandFeature: '', commandKind: '', commandFrom: '', commandTo: '' },
  ...{ service: 'api_iot', method: '', path: '', purchase: '', recipient: '', toxicity: '' },
  ...{ afterSeconds: '', forSeconds: '60', everySeconds: '', from: '', first: '', times: '' },
};

export function typeOf(name: string): FaultType {
  const type = faultTypes.find((one) => one.type === name) ?? faultTypes[0];
  if (type === undefined) throw new Error('the form offers types of faults');
  return type;
}

/** Returns the record that the form describes; the control of faults says whether it can be. */
export function recordOfDraft(draft: FaultDraft): FaultRecordFields {
  const { type, layer } = typeOf(draft.type);
  const name = draft.name.trim() || type;
  const attributes = attributesOf(draft);
  if (layer === 'component') {
    const schedule = crashPointTypes.includes(type) ? {} : { schedule: componentSchedule(draft) };
    return { ...{ name, layer, type }, ...schedule, attributes };
  }
  const target = layer === 'services' ? serviceTarget(draft) : vehicleTarget(draft);
  const schedule = some({
    afterMs: ms(draft.afterSeconds),
    forMs: ms(draft.forSeconds),
    everyMs: ms(draft.everySeconds),
    from: number(draft.from),
    first: number(draft.first),
  });
  const toxicity = percent(draft.toxicity);
  return {
    ...{ name, layer, type },
    ...(directedTypes.includes(type) && draft.stream !== '' ? { stream: draft.stream } : {}),
    ...(toxicity === undefined ? {} : { toxicity }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    ...(target === undefined ? {} : { target }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

function attributesOf(draft: FaultDraft): Readonly<Record<string, unknown>> {
  const { attributes, layer } = typeOf(draft.type);
  return Object.fromEntries(
    attributes.flatMap(({ name, kind, value: first }) => {
      const given = (draft.attributes[name] ?? first).trim();
      // A component says each of its attributes.
      if (given === '') return kind === 'boolean' && layer === 'component' ? [[name, false]] : [];
      return [[name, kind === 'number' ? numberOf(given) : kind === 'boolean' ? true : given]];
    }),
  );
}

function componentSchedule(draft: FaultDraft) {
  return {
    ...{ afterMs: 0 },
    ...some({
      afterMs: ms(draft.afterSeconds),
      everyMs: ms(draft.everySeconds),
      times: number(draft.times),
    }),
  };
}

/** Fills the form with a fault that there is, to change it. */
export function draftOf(record: FaultRecordFields): FaultDraft {
  const { target = {}, schedule = {} } = record;
  const { selector = {} } = target;
  const { commands } = selector;
  return {
    ...emptyDraft,
    ...{ type: record.type, name: record.name === record.type ? '' : record.name },
    attributes: Object.fromEntries(
      Object.entries(record.attributes ?? {}).map(([name, value]) => [
        name,
        value === false ? '' : text(value),
      ]),
    ),
    stream: text(record.stream),
    vins: (selector.vins ?? []).join(' '),
    models: (selector.models ?? []).join(' '),
    regions: (selector.regions ?? []).join(' '),
    share: shareText(selector.share),
    state: text(selector.state),
    ...{ commandFeature: text(commands?.feature), commandKind: text(commands?.kind) },
    ...{ commandFrom: text(commands?.from), commandTo: text(commands?.to) },
    ...{ mode: target.mode === 'all' ? '' : text(target.mode), value: text(target.value) },
    ...{ service: text(target.service) || 'api_iot', method: text(target.method), path: text(target.path) },
    ...{ purchase: text(target.purchase), recipient: text(target.recipient) },
    toxicity: shareText(record.toxicity),
    afterSeconds: secondsText(schedule.afterMs),
    forSeconds: secondsText(schedule.forMs),
    everySeconds: secondsText(schedule.everyMs),
    ...{ from: text(schedule.from), first: text(schedule.first), times: text(schedule.times) },
  };
}

const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));
const secondsText = (value: number | undefined | null) =>
  value === undefined || value === null ? '' : String(value / 1_000);
const shareText = (value: number | undefined) =>
  value === undefined || value === 1 ? '' : String(Number((value * 100).toFixed(6)));

function vehicleTarget(draft: FaultDraft) {
  const { layer } = typeOf(draft.type);
  const selector = some({
    vins: list(draft.vins),
    models: list(draft.models),
    regions: list(draft.regions),
    share: percent(draft.share),
    commands: layer === 'message' ? commandsOf(draft) : undefined,
    state: draft.state || undefined,
  });
  return some({
    mode: draft.mode || undefined,
    value: draft.mode === '' ? undefined : number(draft.value),
    selector,
  });
}

function commandsOf({ commandFeature, commandKind, commandFrom, commandTo }: FaultDraft) {
  if (commandFeature.trim() === '') return undefined;
  return {
    ...{ feature: commandFeature.trim(), kind: commandKind || 'activation' },
    ...{ from: number(commandFrom) ?? 1, to: number(commandTo) ?? number(commandFrom) ?? 1 },
  };
}

function serviceTarget({ type, service, method, path, purchase, recipient }: FaultDraft) {
  if (channelTypes.includes(type)) return some({ recipient: recipient.trim() || undefined });
  return some({
    ...{ service, method: method.trim() || undefined, path: path.trim() || undefined },
    purchase: number(purchase),
  });
}

function list(words: string): string[] | undefined {
  const given = words.split(/[\s,]+/).filter((word) => word !== '');
  return given.length === 0 ? undefined : given;
}

/** What is no number goes as it was typed, so that the refusal names it. */
function numberOf(given: string): number | string {
  const value = Number(given);
  return Number.isFinite(value) ? value : given;
}

function number(given: string): number | undefined {
  return given.trim() === '' ? undefined : (numberOf(given.trim()) as number);
}

function ms(seconds: string): number | undefined {
  const value = number(seconds);
  return typeof value === 'number' ? Math.round(value * 1_000) : value;
}

function percent(given: string): number | undefined {
  const value = number(given);
  return typeof value === 'number' ? value / 100 : value;
}

/** Undefined without a field. */
function some<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } | undefined {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : (Object.fromEntries(given) as never);
}
