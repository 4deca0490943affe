/** The flags that say what a field says, by the field's name in an answer: `schedule.afterMs` is `--after`. */
export type FlagNames = Readonly<Record<string, string>>;

/** Returns a sentence of the server with each field named as the flag that the user typed. */
export function withFlagNames(text: string, flags: FlagNames): string {
  return Object.entries(flags)
    .sort(([a], [b]) => b.length - a.length)
    .reduce((named, [field, flag]) => named.replaceAll(patternOf(field), flag), text);
}

/** The field with the places in a list behind it (`target.selector.vins[0]`), and no part of a longer name. */
function patternOf(field: string): RegExp {
  const name = field.replaceAll('.', '\\.');
  const behind = field.endsWith('.') ? '' : '((\\.|/)?(\\[\\d+\\]|\\d+))*(?![\\w/])';
  return new RegExp(`(?<![\\w./-])${name}${behind}`, 'g');
}

export const faultFlags: FlagNames = {
  'schedule.afterMs': '--after',
  'schedule.forMs': '--for',
  'schedule.everyMs': '--every',
  'schedule.first': '--first',
  'target.mode': '--mode',
  'target.value': '--value',
  'target.selector.vins': '--vin',
  'target.selector.models': '--model',
  'target.selector.regions': '--region',
  'target.selector.share': '--share',
  'target.selector.state': '--state',
  'target.service': '--service',
  'target.method': '--method',
  'target.path': '--path',
  toxicity: '--toxicity',
  stream: '--stream',
  name: '--name',
  // `attributes.latencyMs` is `--set latencyMs`.
  'attributes.': '--set ',
};

const ofBody = (flags: FlagNames): FlagNames =>
  Object.fromEntries(Object.entries(flags).map(([field, flag]) => [`body/${field}`, flag]));
const ofQuery = (flags: readonly string[]): FlagNames =>
  Object.fromEntries(flags.map((flag) => [`query/${flag}`, `--${flag}`]));

export const ticketFlags: FlagNames = {
  ...ofQuery(['status', 'state', 'priority', 'assignee', 'vin', 'overdue', 'incident', 'limit']),
  ...ofBody({
    by: '--as',
    technician: '--technician',
    text: '--text',
    reason: '--reason',
    team: '--team',
    message: '--message',
    parameters: '--set',
    workshop: '--workshop',
    appointmentAt: '--at',
    resolution: '--resolution',
    reference: '--reference',
    workaround: '--workaround',
  }),
};

export const settlementFlags: FlagNames = {
  ...ofQuery(['status', 'limit']),
  ...ofBody({
    by: '--as',
    resolution: '--resolution',
    amountMinor: '--amount',
    currency: '--amount',
    reference: '--reference',
    reason: '--reason',
  }),
};
