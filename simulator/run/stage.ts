import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { ChannelGates } from '../faults/channel-gates.ts';
import type { FaultyHttp } from '../faults/http-faults.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { BrokerMessage, SeenMail, SeenPush } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { Ledger } from '../stand-ins/payments/ledger.ts';
import type { ApiClient } from './api-client.ts';
import type { EventLog } from './event-log.ts';

/** Where a run stands. */
export interface Progress {
  readonly step: 'starting' | 'connecting' | 'running' | 'settling' | 'checking';
  /** By the run's clock. */
  readonly elapsedMs: number;
  readonly vehiclesConnected: number;
  readonly purchases: number;
  readonly purchasesPlanned: number;
  readonly phases: Readonly<Record<string, number>>;
}

/** Faults between the engine and its services. */
export interface ServiceFaults {
  readonly apiIot: FaultControls;
  readonly payments: FaultControls;
}

type FaultControls = Pick<FaultyHttp, 'begin' | 'clear' | 'counts'>;

/** What independent witnesses can say at the end. */
export interface Witnesses {
  readonly databases: {
    readonly platform: Database<PlatformSchema>;
    readonly apiIot: Database<ApiIotSchema>;
  };
  readonly ledger: Pick<Ledger, 'allEntries'>;
  /** What was published so far, and what is published until it is stopped. */
  openEvents(): Promise<EventLog & { stop(): Promise<void> }>;
  broker(): BrokerMessage[];
  mails(): Promise<readonly SeenMail[]>;
  pushes(): readonly SeenPush[];
  /** How often a process of the gateway died so far. */
  crashes(): number;
  /** The longest that news may take from the broker to the engine; without it a second. */
  newsMs?(): number;
}

/** A scenario's world, set up and not yet begun: the gateway answers, vehicles and customers are registered. */
export interface RunStage {
  readonly plan: Plan;
  /** Makes the plan a second time, from the same scenario and seed. */
  readonly planAgain: () => Plan;
  readonly clock: Clock;
  readonly buyer: ApiClient;
  readonly cars: Fleet;
  /** What happens to the gateway's own parts; without it nothing does. */
  readonly parts?: { begin(): void };
  /** Null where the gateway cannot have any. */
  readonly faults: ServiceFaults | null;
  /** Faults of mail server and push service. */
  readonly channels: ChannelGates;
  readonly witnesses: Witnesses;
  readonly onProgress: (progress: Progress) => void;
  /** By the run's clock. */
  readonly progressEveryMs: number;
  /** Rejects when the run is to end before its evidence; the run rejects with the same. */
  readonly stopped?: Promise<never>;
}
