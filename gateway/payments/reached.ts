import type { PaymentState } from '../../shared/ports/payments.ts';

/** The states that a step is meant to reach. A void and a refund both mean that nothing of the customer's is held or kept. */
export const reached: Readonly<Record<'capture' | 'void' | 'refund', readonly PaymentState['status'][]>> = {
  capture: ['captured'],
  void: ['voided', 'declined', 'refunded'],
  refund: ['refunded', 'voided', 'declined'],
};
