import type { SettlementStatus } from '../activation/settlement.ts';
import type { CancelRefusal } from '../platform/cancelling.ts';
import type { ServiceStatus } from '../platform/service-status.ts';

/** The languages of the page: those of the shipped notifications. */
export type PageLanguage = 'en' | 'es';

/** What the head of the page says. */
export type PageStatus = ServiceStatus | 'declined' | 'cancelling' | 'transferred';

/** Why a link shows nothing. */
export type LinkProblem =
  | 'unknown'
  | 'expired'
  | 'link_sent'
  | 'erased'
  | 'not_yours'
  | 'too_many'
  | 'unreadable'
  | 'failed';

type Phrase = readonly [title: string, text: string];
type AmountText = (amount: string) => string;

/** Every text of the page in one language. */
export interface PageTexts {
  readonly title: string;
  readonly purchase: string;
  readonly vehicle: string;
  readonly duration: string;
  readonly price: string;
  readonly bought: string;
  readonly activeFrom: string;
  readonly activeUntil: string;
  readonly withoutEnd: string;
  readonly endedAt: string;
  readonly reference: string;
  readonly payment: string;
  readonly history: string;
  readonly historyCut: string;
  readonly refresh: string;
  readonly help: (contact: string) => string;
  readonly privacy: (until: string) => string;
  readonly status: Readonly<Record<PageStatus, Phrase>>;
  /** By the state of the money; with an amount. */
  readonly money: Readonly<Record<SettlementStatus, AmountText>>;
  /** A payment that is reserved, of a service that is charged at purchase. */
  readonly authorisedAtOnce: AmountText;
  readonly noPayment: string;
  readonly cancel: {
    readonly open: string;
    readonly question: string;
    readonly confirm: string;
    readonly back: string;
    readonly requested: string;
    /** What it does before the service is active, by what was done with the money. */
    readonly reserved: AmountText;
    readonly charged: AmountText;
    readonly free: string;
    /** A command may be under way. */
    readonly race: string;
    readonly service: string;
    readonly again: string;
    readonly changed: string;
    /** Null: the status says it already. */
    readonly refused: Readonly<Record<CancelRefusal, string | null>>;
  };
  readonly newLink: string;
  readonly problems: Readonly<Record<LinkProblem, Phrase>>;
  readonly detail: {
    readonly until: string;
    readonly appointment: string;
    readonly reference: string;
  };
}
