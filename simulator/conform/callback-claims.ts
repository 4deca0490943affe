import { verifyCallback } from '../../gateway/http/webhook-signature.ts';
import { jsonOf } from '../../shared/protocol/json.ts';
import type { ReceivedCallback } from './callback-listener.ts';
import { broken, type Claim, type Finding, judged, notTestable } from './claim.ts';
import { deactivated } from './course.ts';
import type { Subject } from './subject.ts';

/** Claims about callbacks (specification, "Response model"). */
export const callbackClaims: readonly Claim[] = [
  {
    name: 'callback_arrives',
    title: 'The end of a command comes as a callback',
    guarantee: 'A result counts only when the engine polls, up to 30 s later.',
    test: (subject) => onCallbacks(subject, () => judged(true, '')),
  },
  {
    name: 'callback_signed',
    title: 'A callback is signed with the shared secret',
    guarantee: 'A forged callback activates a feature, and takes the money.',
    test: (subject) =>
      onCallbacks(subject, ([first]) => {
        const { secret } = subject.callbacks;
        if (secret === null) return notTestable('give the secret with --callback-secret');
        const deps = { secret, secrets: subject.secrets, now: first.at };
        const verdict = verifyCallback(deps, first.headers, first.body);
        return judged(verdict.ok, verdict.ok ? '' : `the signature does not hold: ${verdict.reason}`);
      }),
  },
  {
    name: 'callback_says_end',
    title: 'A callback says what the command says',
    guarantee: 'An activation ends as active that is not, or as failed.',
    test: (subject) =>
      onCallbacks(subject, async ([first]) => {
        const { command } = await deactivated(subject);
        const { callback } = subject.settings.adapter;
        const now = subject.now();
        const said = callback?.command(jsonOf(first.body), { vin: command.vin, asked: null, now });
        const isSame = said?.id === command.id && said.state === command.state;
        return judged(
          isSame,
          `it says ${said?.state} of ${said?.id}, and the command ${command.id} ${command.state}`,
        );
      }),
  },
  {
    name: 'callback_tried_again',
    title: 'A callback that was answered 503 comes again under the same id',
    guarantee: 'A restart of the platform loses results until the engine polls.',
    test: (subject) =>
      onCallbacks(subject, async ([first]) => {
        const id = first.headers.get('webhook-id');
        const isAgain = () =>
          subject.callbacks.received.filter(({ headers }) => headers.get('webhook-id') === id).length > 1;
        await subject.waitFor(isAgain);
        return judged(isAgain(), 'it came once, and was answered 503');
      }),
  },
];

async function onCallbacks(
  subject: Subject,
  judge: (received: readonly [ReceivedCallback, ...ReceivedCallback[]]) => Finding | Promise<Finding>,
): Promise<Finding> {
  if (!subject.has('callback')) return notTestable('the adapter declares no callback');
  if (subject.callbacks.url === null)
    return notTestable('give the address of this machine with --callback-url');
  const { command } = await deactivated(subject);
  const ofCommand = () => subject.callbacks.received.filter(({ body }) => body.includes(command.id));
  await subject.waitFor(() => ofCommand().length > 0);
  const [first, ...rest] = ofCommand();
  return first === undefined ? broken('none came') : judge([first, ...rest]);
}
