/** Messages between programs that are connected now: a program that is away misses them. Request and reply go the same way. */
export interface Messenger {
  /** Sends a message. False when it was dropped: there is no connection, or too many messages wait for it. */
  publish(subject: string, payload: string): boolean;
  /**
   * Answers the requests on a subject (`>` as last token: all below it) for as long as there is a connection. Resolves with whether it
   * does, once that is known; `away` leaves it for later.
   */
  answer(service: AnsweredSubject, handle: (request: MessageRequest) => MessageReply): Promise<Answering>;
  /** Why messages are dropped now, for operators; null when they are not. */
  problem(): string | null;
  close(): Promise<void>;
}

export interface AnsweredSubject {
  readonly subject: string;
  /** A request below `subject`: when another program answers it, this one does not answer at all. */
  readonly ping: string;
}

/** `taken`: another program answers these requests. `away`: there is no connection yet. */
export type Answering = 'answers' | 'taken' | 'away';

export interface MessageRequest {
  readonly subject: string;
  readonly payload: Uint8Array;
}

export interface MessageReply {
  readonly payload: string;
  readonly headers: Readonly<Record<string, string>>;
}
