/** Hands mail to a mail server. */
export interface Mailer {
  /** Resolves when the server took it; rejects with `ChannelFailure`. */
  send(mail: Mail): Promise<void>;
  close(): Promise<void>;
}

export interface Mail {
  /** Stable per notification and channel, so that a duplicate after a crash can be recognised (RFC 5322 Message-ID without brackets). */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Error of a channel that did not accept a message. `permanent`: no retry can succeed (no such mailbox, subscription gone). */
export class ChannelFailure extends Error {
  override readonly name = 'ChannelFailure';
  readonly permanent: boolean;
  /** The address itself is no more (RFC 8030 section 7.3): nothing is to be sent there again. */
  readonly isGone: boolean;

  constructor(
    message: string,
    permanent: boolean,
    { isGone = false, ...options }: ErrorOptions & { readonly isGone?: boolean } = {},
  ) {
    super(message, options);
    this.permanent = permanent;
    this.isGone = isGone;
  }
}
