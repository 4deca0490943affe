/** One end of the channel between two processes, as `process` and `ChildProcess` are one. */
interface ChannelEnd {
  readonly send?: ((message: object) => unknown) | undefined;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

type Message =
  | { readonly type: 'question'; readonly id: number; readonly question: unknown }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly reason: string };

export interface ProcessChannel {
  /** Resolves with what the other process answers; never, when it ends before. */
  ask(question: object): Promise<unknown>;
}

/** Questions and answers between two processes, in both directions. */
export function processChannel(
  end: ChannelEnd,
  answerTo: (question: unknown) => Promise<unknown>,
): ProcessChannel {
  const open = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  let asked = 0;
  const send = (message: Message) => void end.send?.(message);
  end.on('message', (received) => {
    const message = received as Message;
    const { id } = message;
    if (message.type === 'question') {
      answerTo(message.question).then(
        (answer) => send({ type: 'answer', id, answer: answer ?? null }),
        (error: unknown) => send({ type: 'failure', id, reason: String(error) }),
      );
      return;
    }
    const asker = open.get(id);
    open.delete(id);
    if (message.type === 'answer') asker?.resolve(message.answer);
    else asker?.reject(new Error(message.reason));
  });
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        asked += 1;
        open.set(asked, { resolve, reject });
        send({ type: 'question', id: asked, question });
      }),
  };
}
