import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import { type Trace, virtualTrace } from '../../shared/virtual/trace.ts';
import { changeReader, type Move, moveFields, platformTriggers } from '../check/activation-changes.ts';
import { componentFaultLine } from '../check/test-case-parts.ts';
import { traced } from '../check/test-case-run.ts';
import type { ScenarioSystem } from '../virtual-system/scenario-run.ts';
import type { ScenarioWatch } from '../virtual-system/scenario-system.ts';
import { virtualTimeBeginsAt } from '../virtual-system/settings.ts';
import type { Stores } from '../virtual-system/stores.ts';

/** Records a scenario's run as a trace, with the lines that a test case's run has. Its instants count from the beginning of virtual time. */
export function scenarioTrace(loop: VirtualLoop, onCommit: (store: keyof Stores) => void = () => {}) {
  const trace = virtualTrace({ now: () => loop.now() - virtualTimeBeginsAt });
  const moves: Move[] = [];
  let system: ScenarioSystem | null = null;
  const readChanges = changeReader((move) => {
    moves.push(move);
    trace.record('engine', 'state', moveFields(move));
  });
  const readLedger = ledgerReader(trace);
  const watch: ScenarioWatch = {
    logOf: trace.log,
    onMessage: (topic, payload) =>
      trace.record(topic.includes('/cmd/') ? 'api_iot' : 'vehicle', 'mqtt', { topic, payload }),
    onOutcome: ({ from, request }, outcome) =>
      trace.record(from, 'http', { call: `${request.method} ${new URL(request.url).pathname}`, outcome }),
    onFaults: (event) => trace.record('fault', event === 'begin' ? 'workload begins' : 'heals'),
    customers: (customers) => traced(customers, trace),
    platformStatements: platformTriggers,
    components: { onFault: (fault, event) => trace.record('fault', ...componentFaultLine(fault, event)) },
    system: {
      onNotification: (channel, to, headline) => trace.record('notice', channel, { to, headline }),
      onPublish: (subject) => trace.record('nats', 'publish', { subject }),
      onProcess: (event, fields) => trace.record('fault', event, fields),
      onCommit(store) {
        if (store === 'platform' && system !== null) readChanges(system.stores.platform.read);
        if (store === 'payments' && system !== null) readLedger(system);
        onCommit(store);
      },
    },
  };
  return {
    ...{ trace, watch },
    moves: (): readonly Move[] => moves,
    /** Reads from this system from now on. */
    follow(followed: ScenarioSystem): void {
      system = followed;
    },
  };
}

function ledgerReader(trace: Trace): (system: ScenarioSystem) => void {
  let lastRead = 0;
  return ({ stores }) => {
    const rows = stores.payments.read<{ sequence: number; kind: string; activationId: string }>(
      'select sequence, kind, activation_id as activationId from ledger_entries where sequence > ? order by sequence',
      lastRead,
    );
    for (const { sequence, kind, activationId } of rows) {
      lastRead = sequence;
      trace.record('payment', kind, { activationId });
    }
  };
}
