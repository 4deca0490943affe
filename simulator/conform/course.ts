import type { VehicleCommand } from '../../gateway/adapter/answers.ts';
import type { Sent, Subject } from './subject.ts';

/** A command and its end, that several claims look at. */
export interface Ended {
  readonly sent: Sent;
  readonly accepted: VehicleCommand;
  readonly command: VehicleCommand;
}

/** Why a claim cannot be judged: the command that it looks at was not taken. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';
}

async function run(
  subject: Subject,
  name: string,
  target: 'active' | 'dormant',
  callbackUrl?: string,
): Promise<Ended> {
  const { vin } = subject.settings;
  const sent = await subject.configure({
    key: subject.key(name),
    target,
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  });
  if (sent.command === null)
    throw new NotTaken(
      `the command was answered ${sent.status}${sent.unread ? `, and the answer ${sent.unread}` : ''}`,
    );
  return { sent, accepted: sent.command, command: await subject.ended(vin, sent.command) };
}

/** Switches the feature on; once for all claims. */
export const activated = (subject: Subject) => subject.once('on', () => run(subject, 'on', 'active'));

/** Switches it off again, after it was on, with a callback where the API sends one. */
export const deactivated = (subject: Subject) =>
  subject.once('off', async () => {
    await activated(subject);
    return run(subject, 'off', 'dormant', subject.callbacks.url ?? undefined);
  });
