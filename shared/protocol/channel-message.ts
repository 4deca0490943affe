import { ChannelFailure, type Mail } from '../ports/mailer.ts';
import type { Push } from '../ports/pusher.ts';
import { visibleLine } from './plain-text.ts';

/** One address and nothing that could be read as a second one, a name, or a new header line. */
const addressShape = /^[^\s<>,;:"()[\]\\\p{Cc}]+@[^\s<>,;:"()[\]\\@\p{Cc}]+$/u;
const messageIdShape = /^[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+$/;
/** RFC 5321 section 4.5.3.1.3. */
const addressMax = 254;

/** Returns the mail as every mailer sends it, with a subject of one line. Throws a permanent `ChannelFailure` for one that none can send. */
export function checkedMail(mail: Mail): Mail {
  if (mail.to.length > addressMax || !addressShape.test(mail.to))
    throw new ChannelFailure(`This is not an e-mail address: ${JSON.stringify(mail.to.slice(0, 80))}`, true);
  if (!messageIdShape.test(mail.messageId))
    throw new ChannelFailure(`This is not a Message-ID: ${JSON.stringify(mail.messageId)}`, true);
  // A line break is one blank, however many characters it takes.
  return { ...mail, subject: visibleLine(mail.subject.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')) };
}

/** RFC 8291 section 4: a push service takes bodies of 4,096 bytes, of which encryption uses 103. */
const payloadBytesMax = 3_993;
/** RFC 8291 section 3.1: an uncompressed P-256 point, and 16 bytes. */
const keyBytes = 65;
const authBytesMin = 16;

/** Returns the push. Throws a permanent `ChannelFailure` for one that no push service can take for this subscription. */
export function checkedPush(push: Push): Push {
  const bytes = Buffer.byteLength(push.payload);
  if (bytes > payloadBytesMax)
    throw new ChannelFailure(`A push has at most ${payloadBytesMax} bytes, this one ${bytes}.`, true);
  const { p256dh, auth } = push.subscription.keys;
  const isKey = Buffer.from(p256dh, 'base64url').length === keyBytes;
  if (!isKey || Buffer.from(auth, 'base64url').length < authBytesMin)
    throw new ChannelFailure('The push cannot be encrypted: the subscription has no usable keys', true);
  if (!/^[\w-]{1,32}$/.test(push.topic))
    throw new ChannelFailure(`This is not a topic of a push: ${JSON.stringify(push.topic)}`, true);
  return push;
}
