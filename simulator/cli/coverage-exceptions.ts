/** A place that no run of `fleetwake check` can reach. */
export interface CoverageException {
  /** A folder (`gateway/live/`), a file (`gateway/main.ts`), or one function of a file (`gateway/main.ts#runGateway`). */
  readonly place: string;
  readonly reason: string;
}

/** Everything that no run can reach, with its reason. What is reached by a run must not stand here. */
export const coverageExceptions: readonly CoverageException[] = [
  ...places('binds the gateway to sockets, files and processes of the machine', [
    'gateway/live/',
    'gateway/main.ts',
  ]),
  ...places('reads options from a command line and the environment, or a file of the operator', [
    'gateway/config.ts',
    'gateway/support/roster-file.ts',
  ]),
  ...places('compresses the waits of a run in real time; virtual time is not compressed', [
    'gateway/time-scale.ts',
    'gateway/activation/policy.ts#shortenPolicyTimes',
    'gateway/catalogue/policies.ts#shortenCatalogueTimes',
  ]),
  ...places('works on sockets of the machine; test/link runs it in virtual time beside the virtual broker', [
    'gateway/broker/aedes-handlers.ts',
    'gateway/broker/embedded-broker.ts',
    'gateway/broker/in-process-link.ts',
    'gateway/broker/in-process-session.ts',
    'gateway/broker/packet-guard.ts',
    'gateway/broker/publish-order.ts',
    'gateway/broker/queue-limit.ts',
  ]),
  ...places('works on PostgreSQL only; the virtual databases are SQLite, and test/gateway/store runs it', [
    'gateway/store/record-reader.ts#transactionsNow',
    'gateway/store/record-reader.ts#newestMark',
    'gateway/store/record-reader.ts#lookAtGap',
    'gateway/store/record-reader.ts#withoutGap',
    'gateway/store/record-triggers.ts#addPostgresTriggers',
  ]),
  ...places('serves the page of the API documentation from files of the package', [
    'gateway/http/docs-page.ts',
  ]),
  ...places('rejects an event that is invalid in every state: a programming error, or a forgery', [
    'gateway/activation/transition.ts#never',
  ]),
  ...places('answers a fault request that cannot be reproduced', ['simulator/faults/not-reproducible.ts']),
];

/** Returns the first place of the list that holds this function. */
export function exceptionOf(
  exceptions: readonly CoverageException[],
  { file, name }: { readonly file: string; readonly name: string },
): CoverageException | undefined {
  return exceptions.find(
    ({ place }) =>
      place === file || place === `${file}#${name}` || (place.endsWith('/') && file.startsWith(place)),
  );
}

function places(reason: string, all: readonly string[]): CoverageException[] {
  return all.map((place) => ({ place, reason }));
}
