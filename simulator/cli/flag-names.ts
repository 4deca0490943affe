/** Flags of the fields, by the field's name in an answer: `schedule.afterMs` is `--after`. `*` stands for a place in a list. */
export type FlagNames = Readonly<Record<string, string>>;

/** Returns the flag of an option: `api-iot-port` of `apiIotPort`. */
export function flagOf(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Returns a sentence of the server with each field named as the flag that the user typed. */
export function withFlagNames(text: string, flags: FlagNames): string {
  return Object.entries(flags)
    .sort(([a], [b]) => b.length - a.length)
    .reduce((named, [field, flag]) => named.replaceAll(patternOf(field), flag), text);
}

/** The field with the places in a list behind it (`target.selector.vins[0]`), and no part of a longer name. */
function patternOf(field: string): RegExp {
  const name = field.replaceAll('.', '\\.').replaceAll('*', '\\d+');
  const behind = field.endsWith('.') ? '' : '((\\.|/)?(\\[\\d+\\]|\\d+))*(?![\\w/])';
  return new RegExp(`(?<![\\w./-])${name}${behind}`, 'g');
}

export const faultFlags: FlagNames = {
  'schedule.afterMs': '--after',
  'schedule.forMs': '--for',
  'schedule.everyMs': '--every',
  'schedule.from': '--from',
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
  'target.purchase': '--purchase',
  'target.recipient': '--recipient',
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

/** A list has its limit; what is asked for by an argument is named as the help names it. */
export function lookUpFlags(argument: string): FlagNames {
  const id = `the ${argument}`;
  return { ...ofQuery(['limit']), 'path/id': id, 'path/vin': id };
}

export const ticketFlags: FlagNames = {
  ...lookUpFlags('ticket'),
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

export const restoreFlags: FlagNames = {
  ...lookUpFlags('finding'),
  ...ofBody({
    by: '--as',
    customerId: '--customer',
    duration: '--duration',
    'duration/unit': '--duration',
    'duration/count': '--duration',
  }),
};

/** `fleetwake buy`. */
export const buyFlags: FlagNames = {
  ...ofBody({
    customerId: '--customer',
    vin: 'the VIN',
    serviceId: 'the service',
    duration: '--duration',
    'duration/unit': '--duration',
    'duration/count': '--duration',
    paymentMethod: '--card',
  }),
  'path/vin': 'the VIN',
};

/** `fleetwake purchase record`. */
export const recordFlags: FlagNames = { ...lookUpFlags('purchase'), 'query/view': '--view' };

const ofRegistration = (flags: Readonly<Record<'vin' | 'model' | 'customer', string>>): FlagNames =>
  ofBody({
    'customers/*/id': flags.customer,
    'vehicles/*/vin': flags.vin,
    'vehicles/*/model': flags.model,
    'vehicles/*/modelName': flags.model,
    'vehicles/*/customerId': flags.customer,
  });

/** `fleetwake register VIN`: address and name of the customer follow from its id and the VIN. */
export const registerFlags: FlagNames = {
  ...ofRegistration({ vin: 'the VIN', model: '--model', customer: '--customer' }),
  ...ofBody({ 'customers/*/email': '--customer', 'customers/*/name': 'the VIN' }),
};

/** `fleetwake register --file`: the members of a line. */
export const registerMembers: FlagNames = {
  ...ofRegistration({ vin: 'vin', model: 'model', customer: 'customer' }),
  ...ofBody({
    'customers/*/email': 'email',
    'customers/*/name': 'name',
    'customers/*/language': 'language',
  }),
};

export const settlementFlags: FlagNames = {
  ...lookUpFlags('activation'),
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
