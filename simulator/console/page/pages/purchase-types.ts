import type { Duration } from '../../../../gateway/catalogue/service.ts';
import type { Tone } from '../parts/shown.tsx';

/** A purchase as the platform shows it, as far as pages read it. */
export interface PurchaseView {
  readonly id: string;
  readonly customerId: string;
  readonly vin: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly duration: Duration;
  readonly price: { readonly amountMinor: number; readonly currency: string };
  readonly status: string;
  readonly serviceStatus: string | null;
  readonly createdAt: number;
  readonly activation: { readonly id: string; readonly phase: string; readonly settlement: string | null };
  readonly ticketId: string | null;
}

export interface RecordLine {
  readonly sequence: number;
  readonly id: string;
  readonly at: number;
  readonly type: string;
  readonly what: string;
  readonly cause: string | null;
  readonly actor: string;
}

export interface ServiceView {
  readonly id: string;
  readonly name: string;
  readonly offers: readonly {
    readonly duration: Duration;
    readonly price: { readonly amountMinor: number; readonly currency: string };
  }[];
}

const tones: Readonly<Record<string, Tone>> = {
  ...{ active: 'good', failed: 'bad', payment_failed: 'bad', declined: 'bad', pending: 'unsure' },
};

export const purchaseTone = (status: string): Tone => tones[status] ?? 'plain';
