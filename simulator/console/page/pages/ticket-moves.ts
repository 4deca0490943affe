/** A field that a move of a ticket asks for. */
export interface MoveField {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'long' | 'instant' | 'json' | readonly string[];
}

export interface TicketMove {
  /** The API's word for it, with the resolution for those of `resolve`. */
  readonly name: string;
  readonly label: string;
  readonly fields: readonly MoveField[];
}

const text = (name: string, label: string): MoveField => ({ name, label, kind: 'text' });
const long = (name: string, label: string): MoveField => ({ name, label, kind: 'long' });
const visit = [
  text('workshop', 'Workshop'),
  { name: 'appointmentAt', label: 'Appointment', kind: 'instant' },
] as const;

/** What may be done with a ticket; the platform says which of it is legal now. */
const moves: readonly TicketMove[] = [
  { name: 'assign', label: 'Assign', fields: [text('technician', 'Technician')] },
  { name: 'start', label: 'Start', fields: [] },
  { name: 'comment', label: 'Comment', fields: [long('text', 'Comment')] },
  { name: 'retry', label: 'Activate once more', fields: [] },
  {
    name: 'payload',
    label: 'Change parameters',
    fields: [{ name: 'parameters', label: 'Parameters as JSON', kind: 'json' }],
  },
  { name: 'inspection', label: 'Arrange an inspection', fields: [...visit, long('reason', 'Reason')] },
  {
    ...{ name: 'escalate', label: 'Escalate' },
    fields: [{ name: 'team', label: 'Team', kind: ['api_iot', 'development'] }, long('reason', 'Reason')],
  },
  { name: 'contact', label: 'Ask the customer', fields: [long('message', 'Message to the customer')] },
  { name: 'resolve manual_activation', label: 'Resolve: service is active', fields: [] },
  { name: 'resolve service_appointment', label: 'Resolve: workshop visit', fields: visit },
  {
    ...{ name: 'resolve bug_report', label: 'Resolve: bug report' },
    fields: [text('reference', 'Number of the bug'), long('workaround', 'Workaround for the customer')],
  },
  { name: 'keep', label: 'Let the customer keep it', fields: [] },
  { name: 'close', label: 'Close', fields: [] },
  { name: 'reopen', label: 'Open again', fields: [long('reason', 'Reason')] },
];

/** Returns the moves that the platform names as legal, in the order of the desk. */
export function legalMoves(names: readonly string[]): TicketMove[] {
  return moves.filter(({ name }) => names.includes(name.split(' ')[0] ?? ''));
}

/** Returns the body of a move. Throws a sentence for a field that cannot be read. */
export function bodyOfMove(
  { name, fields }: TicketMove,
  by: string,
  given: (field: string) => string,
): object {
  const [, resolution] = name.split(' ');
  const values = fields.map(({ name: field, label, kind }) => [field, typedValue(kind, label, given(field))]);
  return { by, ...(resolution === undefined ? {} : { resolution }), ...Object.fromEntries(values) };
}

function typedValue(kind: MoveField['kind'], label: string, text: string): unknown {
  if (kind === 'instant') return new Date(text).getTime();
  if (kind !== 'json') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${label}: write JSON such as {"levels": 2}.`);
  }
}

/** The path of a move below that of its ticket. */
export const pathOfMove = ({ name }: TicketMove): string => name.split(' ')[0] ?? '';
