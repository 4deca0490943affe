import type {
  AnsweredSubject,
  MessageReply,
  MessageRequest,
  Messenger,
} from '../../shared/ports/messenger.ts';
import { subjectMatches } from '../../shared/protocol/subjects.ts';

export interface SentMessage {
  readonly subject: string;
  readonly payload: string;
}

/** A message server in memory: what arrived, and a client that asks. */
export interface MemoryMessages {
  connect(): Messenger;
  /** In the order of publishing. */
  readonly sent: readonly SentMessage[];
  /** Null when no program answers. */
  request(subject: string, payload: string | Uint8Array): MessageReply | null;
  setAway(isAway: boolean): void;
}

export function memoryMessages(): MemoryMessages {
  const sent: SentMessage[] = [];
  const services: (AnsweredSubject & { handle(request: MessageRequest): MessageReply })[] = [];
  let isAway = false;
  const find = (subject: string) => services.find((service) => subjectMatches(service.subject, subject));
  return {
    sent,
    connect: () => {
      const own: typeof services = [];
      return {
        publish(subject, payload) {
          if (!isAway) sent.push({ subject, payload });
          return !isAway;
        },
        async answer(service, handle) {
          if (isAway) return 'away';
          if (find(service.ping)) return 'taken';
          own.push({ ...service, handle });
          services.push(...own.slice(-1));
          return 'answers';
        },
        problem: () => (isAway ? 'the server is away' : null),
        async close() {
          for (const service of own) services.splice(services.indexOf(service), 1);
        },
      };
    },
    request(subject, payload) {
      const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
      return find(subject)?.handle({ subject, payload: bytes }) ?? null;
    },
    setAway(value) {
      isAway = value;
    },
  };
}
