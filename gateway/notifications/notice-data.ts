import type { Language } from './language.ts';

/** Data of a notification, as of the fact: a later change of name or price does not change it. Saved as JSON. */
export interface NoticeData {
  readonly language: Language;
  /** IANA name of the time zone in which instants are shown; absent in notifications of an older version: UTC. */
  readonly timeZone?: string;
  /** Address of an e-mail. */
  readonly to?: string;
  /** JSON of the Web Push subscription of a push message. */
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
  /** Of a disputed payment: the bank has taken it back. */
  readonly isDisputeLost?: boolean;
  /** Of a disputed payment: the vehicle has the service at that moment. */
  readonly isServiceActive?: boolean;
  /** Of a disputed payment: the service's policy switches it off once the bank has taken the payment back. */
  readonly endsIfLost?: boolean;
  /** Of a refund that a dispute keeps back: the bank holds the amount. */
  readonly isHeldByBank?: boolean;
  /** Of a payment by other means. */
  readonly reference?: string;
  readonly contact: string;
  /** The purchase's record ("expediente de compra") on the web platform. */
  readonly link: string;
}
