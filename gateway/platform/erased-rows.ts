import type { Activation } from '../activation/activation.ts';
import type { NoticeData } from '../notifications/notice-data.ts';
import type { StoredFields } from '../support/stored-ticket.ts';
import type { TicketWork } from '../support/ticket-work.ts';

/** Replaces free text of people, and error texts of channels that name an address. */
export const erasedText = '[erased]';

/** Who an erased customer is from then on; the id is a pseudonym, as the ledger and the payment service have it. */
export const erasedCustomer = (id: string) => ({
  name: 'Erased customer',
  email: `${id}@erased.invalid`,
  language: 'en',
  push_subscription: null,
  time_zone: null,
});

/** Amounts, payment ids and keys stay; the customer's payment method goes, and who they are at the payment service. */
export function erasedActivation(activation: Activation): Activation {
  const { settlement } = activation;
  if (settlement === null) return activation;
  const { customer: _, ...kept } = settlement;
  return { ...activation, settlement: { ...kept, method: erasedText } };
}

export function erasedNotice(data: NoticeData, customerId: string): NoticeData {
  const { subscription: _, ...kept } = data;
  const { name, email } = erasedCustomer(customerId);
  return {
    ...kept,
    language: 'en',
    timeZone: 'UTC',
    customerName: name,
    vehicleModel: erasedText,
    ...(data.to === undefined ? {} : { to: email }),
    ...(data.message === undefined ? {} : { message: erasedText }),
    ...(data.reference === undefined ? {} : { reference: erasedText }),
  };
}

export function erasedFields(fields: StoredFields): StoredFields {
  const gone = { unavailable: 'the personal data of the customer was erased' };
  return {
    ...fields,
    customerEmail: gone,
    // It tells where the vehicle was.
    vehicleStatusSnapshot: gone,
    notes: fields.notes.map((note) => ({ ...note, text: erasedText })),
  };
}

export function erasedWork(work: TicketWork): TicketWork {
  const { resolution } = work;
  if (resolution?.kind !== 'bug_report') return work;
  return { ...work, resolution: { ...resolution, workaround: erasedText } };
}

type Data = Readonly<Record<string, unknown>>;

/** What people wrote about or to the customer. */
const freeTexts = ['text', 'message', 'reason', 'workaround'];

const withoutFreeText = (data: Data): Data =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, freeTexts.includes(key) ? erasedText : value]),
  );

/** The data of a line of the record without what is personal; the same object when nothing of it is. */
export function erasedLine(type: string, data: Data): Data {
  if (type === 'notice.dead') return { ...data, error: erasedText };
  if (type === 'payment.written_off' || type === 'payment.settled') return withoutFreeText(data);
  if (!type.startsWith('ticket.')) return data;
  const { resolution } = data;
  const isKept = !freeTexts.some((key) => key in data) && (resolution === undefined || resolution === null);
  if (isKept) return data;
  const plain = withoutFreeText(data);
  return resolution ? { ...plain, resolution: withoutFreeText(resolution as Data) } : plain;
}
