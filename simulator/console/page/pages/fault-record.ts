/** A fault as the control of faults takes it (docs/faults.md). */
export interface FaultRecordFields {
  readonly name: string;
  readonly layer: string;
  readonly type: string;
  readonly stream?: string;
  readonly toxicity?: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly target?: {
    readonly mode?: string;
    readonly value?: number;
    readonly selector?: {
      readonly vins?: readonly string[];
      readonly models?: readonly string[];
      readonly regions?: readonly string[];
      readonly share?: number;
      readonly state?: string;
      readonly commands?: {
        readonly feature: string;
        readonly kind?: string;
        readonly from?: number;
        readonly to: number;
      };
    };
    readonly service?: string;
    readonly method?: string;
    readonly path?: string;
    readonly purchase?: number;
    readonly recipient?: string;
  };
  readonly schedule?: {
    readonly afterMs?: number;
    readonly forMs?: number;
    readonly everyMs?: number;
    readonly from?: number;
    readonly first?: number;
    /** Of a component: how often in all. */
    readonly times?: number;
  };
}

/** The same as it is shown: with its vehicles, its effect and its time. */
export interface FaultView extends FaultRecordFields {
  readonly id: string;
  readonly addedAt: number;
  readonly vehicles: number;
  readonly vins: readonly string[];
  readonly struck: number;
  readonly state: 'active' | 'waiting' | 'triggered' | 'over' | 'removed';
  readonly remainingMs: number | null;
  /** Of a removed one alone. */
  readonly removedAt?: number;
}

/** Returns the record of a fault that is shown, to add it again. */
export function recordOf(fault: FaultView): FaultRecordFields {
  const { id: _, addedAt: _at, vehicles: _count, vins: _vins, struck: _struck, ...rest } = fault;
  const { state: _state, remainingMs: _left, removedAt: _removedAt, ...record } = rest;
  return record;
}

/** Returns the command that adds this fault, for a POSIX shell; of a component, the one that runs a scenario with it. */
export function commandOf(record: FaultRecordFields): string {
  if (record.layer === 'component')
    return `npx fleetwake run scenario.yaml${record.type === 'crash_at_step' ? '' : ' --live'}`;
  const { target = {}, schedule = {} } = record;
  const { selector = {} } = target;
  // No flag names commands.
  if (selector.commands !== undefined)
    return `printf %s ${shellWord(JSON.stringify(record))} | npx fleetwake fault add --file -`;
  const flags: [string, unknown][] = [
    ['name', record.name === record.type ? undefined : record.name],
    ...Object.entries(record.attributes ?? {})
      .filter(([, value]) => value !== null)
      .map(([name, value]): [string, unknown] => ['set', `${name}=${String(value)}`]),
    ['stream', record.stream],
    ['toxicity', record.toxicity],
    ...(selector.vins ?? []).map((vin): [string, unknown] => ['vin', vin]),
    ...(selector.models ?? []).map((model): [string, unknown] => ['model', model]),
    ...(selector.regions ?? []).map((region): [string, unknown] => ['region', region]),
    ['share', selector.share],
    ['state', selector.state],
    ['mode', target.mode],
    ['value', target.value],
    ['service', target.service],
    ['method', target.method],
    ['path', target.path],
    ['purchase', target.purchase],
    ['recipient', target.recipient],
    ['after', schedule.afterMs],
    ['for', schedule.forMs],
    ['every', schedule.everyMs],
    ['from', schedule.from],
    ['first', schedule.first],
  ];
  const given = flags.filter(([, value]) => value !== undefined);
  return [
    'npx fleetwake fault add',
    record.type,
    ...given.map(([flag, value]) => flagText(flag, String(value))),
  ].join(' ');
}

/** A value that begins with a hyphen would be read as another flag. */
function flagText(flag: string, value: string): string {
  return value.startsWith('-') ? `--${flag}=${shellWord(value)}` : `--${flag} ${shellWord(value)}`;
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns the fault as a part of a scenario file. */
export function yamlOf(record: FaultRecordFields): string {
  const isComponent = record.layer === 'component';
  const lines = Object.entries(record)
    .filter(([name, value]) => value !== undefined && !(isComponent && name === 'layer'))
    .map(([name, value]) => `${name}: ${yamlValue(value)}`);
  return [
    'faults:',
    isComponent ? '  parts:' : '  list:',
    ...lines.map((line, index) => `${index === 0 ? '    - ' : '      '}${line}`),
    '',
  ].join('\n');
}

function yamlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return fields.length === 0
      ? '{}'
      : `{ ${fields.map(([name, field]) => `${name}: ${yamlValue(field)}`).join(', ')} }`;
  }
  if (typeof value !== 'string') return String(value);
  // A text with quotes around it is the same in YAML as in JSON.
  return /^[A-Za-z_][A-Za-z_-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
    ? value
    : JSON.stringify(value);
}
