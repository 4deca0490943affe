import type { Language } from './language.ts';

/** What a notice says, as it was when the fact happened: a later change of name or price does not reword it. Kept as JSON. */
export interface NoticeData {
  readonly language: Language;
  /** IANA name of the time zone in which instants are shown; absent in notices of an older version: UTC. */
  readonly timeZone?: string;
  /** The mailbox of an e-mail notice. */
  readonly to?: string;
  /** JSON of the Web Push subscription of a push notice. */
  readonly subscription?: string;
  readonly customerName: string;
  readonly serviceName: string;
  readonly vehicleModel: string;
  readonly duration: string;
  readonly amount: string;
  readonly capture: 'on_delivery' | 'immediately';
  /** ISO 8601 of the fact. */
  readonly timestamp: string;
  /** The reference number of a failure. */
  readonly ticketId: string | null;
  /** What a technician writes to the customer. */
  readonly message?: string;
  readonly workshop?: string;
  /** ISO 8601. */
  readonly appointment?: string;
  /** ISO 8601: by when people settle the money. */
  readonly settleBy?: string;
  /** ISO 8601: when a service that was not paid is switched off. */
  readonly activeUntil?: string;
  /** Of a payment by other means. */
  readonly reference?: string;
  readonly contact: string;
  /** The purchase's record ("expediente de compra") on the web platform. */
  readonly link: string;
}
