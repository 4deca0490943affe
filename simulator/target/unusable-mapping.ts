import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Mapping } from './mapping.ts';
import type { TargetCases, TargetEvidence } from './target-case.ts';

/** A field of the mapping that cannot be right. */
export interface UnusableField {
  readonly path: readonly string[];
  /** `payment.metadata "order" names …` */
  readonly text: string;
}

/** Returns the field of the mapping that cannot be right, because none of what there is fits it; or null. */
export function whyNothingFits(
  { cases }: TargetCases,
  answers: readonly PurchaseAnswer[],
  evidence: TargetEvidence,
  { purchase, payment, command, mail, push }: Mapping,
): UnusableField | null {
  const { payments = [], apiIot: commands, mails, pushes, ledger } = evidence;
  const accepted = answers.filter(({ status }) => status !== null && status < 300);
  if (accepted.length > 0 && cases.length === 0) {
    return {
      path: ['purchase', 'activation'],
      text: `purchase.activation "${purchase.activation}" is in none of ${accepted.length} answers`,
    };
  }
  const refused = refusalOfAll(answers);
  if (refused !== null) {
    return {
      path: ['purchase', 'body'],
      text: `purchase.headers and purchase.body make no request that the engine accepts: each of ${answers.length} purchases was answered with ${refused}`,
    };
  }
  // Without an activation that an answer names, nothing can be missing.
  if (cases.length === 0) return null;
  if (payments.length > 0 && ledger.length > 0 && cases.every((one) => one.ledger.length === 0)) {
    const keys = [...new Set(payments.flatMap(({ metadata }) => Object.keys(metadata)))];
    return {
      path: ['payment', 'metadata'],
      text: `payment.metadata "${payment.metadata}" names an activation of this run on none of ${payments.length} payments; their metadata has ${keys.length === 0 ? 'no keys' : keys.join(', ')}`,
    };
  }
  const [firstCommand] = commands;
  if (firstCommand && cases.every((one) => one.commands.length === 0)) {
    return {
      path: ['command', 'field'],
      text: `command.field "${command.field}" names an activation of this run on none of ${commands.length} commands; the first has the reference "${firstCommand.reference ?? ''}" and the key "${firstCommand.key ?? ''}"`,
    };
  }
  const [firstPush] = pushes;
  if (push && firstPush && cases.every((one) => one.pushes.length === 0)) {
    return {
      path: ['push', 'pattern'],
      text: `push.pattern "${push.pattern}" names an activation of this run in the ${push.in} of none of ${pushes.length} push messages; the first has the title "${firstPush.title}"`,
    };
  }
  const [firstMail] = mails;
  if (mail && firstMail && cases.every((one) => one.mails.length === 0)) {
    return {
      path: ['mail', 'pattern'],
      text: `mail.pattern "${mail.pattern}" names an activation of this run in the ${mail.in} of none of ${mails.length} e-mails; the first has the subject "${firstMail.subject}"`,
    };
  }
  return null;
}

/** Other statuses of the 4xx are answers to a purchase that was understood: declined, in conflict, too many. */
const understood: ReadonlySet<number> = new Set([402, 409, 429]);

/** Returns the status with which an engine refused every purchase as not understood, or null. */
function refusalOfAll(answers: readonly PurchaseAnswer[]): number | null {
  const [first] = answers;
  const isRefused = ({ status }: PurchaseAnswer) =>
    status !== null && status >= 400 && status < 500 && !understood.has(status);
  return first && answers.every(isRefused) ? first.status : null;
}
