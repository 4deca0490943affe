/**
 * What helps against an error of NATS or JetStream:
 * - `create`: the stream or the consumer is missing; it is created, and the request sent again.
 * - `recreate`: the stream stands, but its files are gone; it is deleted and created.
 * - `retry`: a temporary error; the publisher tries again later.
 * - `report`: an operator has to change something (space, limits, rights); the request is tried again even so.
 */
export type JetStreamRemedy = 'create' | 'recreate' | 'retry' | 'report';

/** Error codes of the JetStream API, as in the server's `errors.json`. */
const remedies: Readonly<Record<number, JetStreamRemedy>> = {
  /** Resource limits of the account. */
  10002: 'report',
  /** The cluster is incomplete, has no peers for it, is not active, has not assigned it, is not available, has no leader. */
  10004: 'retry',
  10005: 'retry',
  10006: 'retry',
  10007: 'retry',
  10008: 'retry',
  10009: 'retry',
  /** Another process creates the consumer, or the stream, at this moment. */
  10013: 'retry',
  10058: 'retry',
  /** The consumer, or the stream, is not there. */
  10014: 'create',
  10059: 'create',
  /** Not enough memory or storage. */
  10023: 'report',
  10028: 'report',
  10047: 'report',
  /** JetStream is not enabled for the account, or not at all: a server turns it off when its disk is full. */
  10039: 'report',
  10076: 'report',
  /** The subjects belong to another stream. */
  10065: 'report',
  /** The account requires a limit of bytes. */
  10113: 'report',
  /** Stream or consumer are offline. */
  10118: 'retry',
  10119: 'retry',
};

/** The message could not be stored; only the text says why. */
const storeFailed = 10077;
const filesGone = /no such file or directory|bad file descriptor|file already closed|store is closed/i;
const limitReached = /maximum|exceeded|no space left|insufficient/i;

const refusals: ReadonlySet<string> = new Set(['AuthorizationError', 'PermissionViolationError']);
/** No stream takes the subject: it is gone, or not there yet after a restart. */
const unanswered: ReadonlySet<string> = new Set(['JetStreamNotEnabled', 'NoResponders']);

/** Sorts every error that a publish or a request to the JetStream API ends with. */
export function remedyOf(error: unknown): JetStreamRemedy {
  const { name = '', message = '', code, status } = fieldsOf(error);
  if (code === storeFailed) {
    if (filesGone.test(message)) return 'recreate';
    return limitReached.test(message) ? 'report' : 'retry';
  }
  if (code !== undefined && remedies[code] !== undefined) return remedies[code];
  if (unanswered.has(name)) return 'create';
  if (refusals.has(name)) return 'report';
  // An answer of the server that is none of the above: 503 passes, the others are about the request or the account.
  if (status !== undefined) return status === 503 ? 'retry' : 'report';
  return 'retry';
}

/**
 * Sorts the status of a pull request. Null: nothing is wrong, the request ended (404, 408) or waits (100).
 * 409: consumer or stream were deleted, or the server goes down; 503: no server has the consumer.
 */
export function remedyOfPull(status: number): JetStreamRemedy | null {
  if (status === 100 || status === 404 || status === 408) return null;
  return status === 400 ? 'report' : 'create';
}

function fieldsOf(error: unknown): { name?: string; message?: string; code?: number; status?: number } {
  if (!(error instanceof Error)) return {};
  const { name, message, code, status } = error as Error & { code?: unknown; status?: unknown };
  return {
    name,
    message,
    ...(typeof code === 'number' ? { code } : {}),
    ...(typeof status === 'number' ? { status } : {}),
  };
}
