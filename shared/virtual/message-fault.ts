import type { LinkMessage } from '../ports/device-link.ts';

/** One message at the broker: on its way in (`to` is null), or out to one client. */
export interface Passage {
  readonly from: string;
  readonly to: string | null;
  readonly message: LinkMessage;
}

export type MessageFault =
  /** In: the broker acknowledges it and loses it. Out: this client never gets it, though the broker believes so. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'duplicate'; readonly delayMs: number }
  /** Later ones overtake it. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** In only: the publisher's connection drops before its acknowledgement, with the message taken or not. */
  | { readonly kind: 'cut'; readonly isTaken: boolean };
