import type { ActivationDetail } from '../../gateway/platform/activation-view.ts';
import type { Mail, Push } from './escalation.ts';

/** Texts of one notification, without names. */
export interface Words {
  readonly kind: ActivationDetail['notices'][number]['kind'];
  readonly subject: string;
  /** Up to the footer. */
  readonly text: string;
  readonly title: string;
  readonly body: string;
}

export const failed: Words = {
  kind: 'activation_failed',
  subject: 'Service activation issue - You have NOT been charged',
  text: `Hello Ana Torres,

We were unable to activate Heated seats on your Aurora 2026 due to
a technical issue. We have escalated this to our technical support team.

Important: You have NOT been charged for this service.
The amount of 14.90 EUR was only reserved, and the reservation has been released.

Our team will contact you shortly to resolve this issue. If you have any
questions, please contact support at support@caas.example.`,
  title: 'Activation issue - not charged',
  body: 'Heated seats could not be activated on your Aurora 2026. The reservation of 14.90 EUR has been released.',
};

export const question: Words = {
  kind: 'support_question',
  subject: 'A question about your Heated seats',
  text: `Hello Ana Torres,

Our technical support team is working on the activation of Heated seats on your
Aurora 2026 and asks you:

Is the car in a garage?

Please answer to support@caas.example and name the reference number.`,
  title: 'A question from support',
  body: 'Is the car in a garage?',
};

export const serviceNowActive: Words = {
  kind: 'support_service_active',
  subject: 'Your Heated seats is now active',
  text: `Hello Ana Torres,

Our technical support team has activated Heated seats on your Aurora 2026.
You can start using this feature immediately.

You have not been charged, and you will not be charged for it.`,
  title: 'Service now active',
  body: 'Heated seats is now active on your Aurora 2026, free of charge.',
};

export const workshopVisitRequired: Words = {
  kind: 'support_workshop_visit',
  subject: 'A workshop visit is needed for your Heated seats',
  text: `Hello Ana Torres,

To activate Heated seats, your Aurora 2026 has to be looked at in a workshop.
We have made an appointment for you:

- Workshop: Workshop North
- Date and time: 18 January 2027, 09:00 (UTC)

You do not pay for a service that is not active. If the time does not suit you,
please contact support at support@caas.example.`,
  title: 'Workshop visit required',
  body: 'Heated seats on your Aurora 2026: Workshop North, 18 January 2027, 09:00 (UTC).',
};

export const alternativeSolution: Words = {
  kind: 'support_workaround',
  subject: 'An alternative solution for your Heated seats',
  text: `Hello Ana Torres,

We have found that a fault in our own system keeps Heated seats from being activated on
your Aurora 2026. Our developers are working on it. Until it is mended, we suggest:

Please use the buttons in the door.

You have not been charged for this service. If you have any questions, please contact
support at support@caas.example.`,
  title: 'Alternative solution',
  body: 'Heated seats on your Aurora 2026: Please use the buttons in the door.',
};

/** The mail and the push of these words, whole, as they must be in the sinks. */
export function told(
  words: Words,
  [mailId, pushId]: readonly [mailId: string, pushId: string],
  { ticketId, url }: { readonly ticketId: string; readonly url: string },
): { readonly mail: Mail; readonly push: Push } {
  const ending = words === failed ? '\nWe apologize for the inconvenience.\n' : '';
  return {
    mail: {
      to: 'customer-1@example.com',
      messageId: `${mailId}@caas.example`,
      subject: words.subject,
      text: `${words.text}

Reference number: ${ticketId}

View full details in your purchase record:
${url}
${ending}`,
    },
    push: {
      title: words.title,
      body: `${words.body} Reference number: ${ticketId}`,
      url,
      noticeId: pushId,
    },
  };
}
