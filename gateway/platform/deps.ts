import type { Context } from 'hono';
import type { Metric } from 'prom-client';
import type { Bus } from '../../shared/ports/bus.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { EventLoop } from '../../shared/ports/event-loop.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import type { Tokens } from '../../shared/ports/tokens.ts';
import type { Tracing } from '../../shared/ports/tracing.ts';
import type { Adapter } from '../adapter/adapter.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import type { ProblemError } from '../http/problem.ts';
import type { NoticeSettings } from '../notifications/notice-insertion.ts';
import type { OAuthClient } from '../oauth/client.ts';
import type { ComparisonDeps } from '../restore/comparison.ts';
import type { DecisionDeps } from '../restore/decision-order.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { SupportSettings } from '../support/support-settings.ts';
import type { Changes } from './changes.ts';
import type { ActivationEngine } from './engine-port.ts';
import type { EventFigures } from './event-figures.ts';
import type { SalesStops } from './sales-stops.ts';

export interface PlatformDeps {
  /** Clock differences of the vehicles; without it there is no metric of them. */
  readonly clockSkews?: { summary(): { readonly beyond: number; readonly largestMs: number } };
  /** Events that this process published; without them there is no metric of them. */
  readonly events?: Pick<EventFigures, 'metrics'>;
  /** Event loop whose long turns are measured; without it there is no metric of them. */
  readonly eventLoop?: EventLoop;
  /** Metrics of the process (CPU, memory, event loop); absent in virtual time. */
  readonly otherMetrics?: readonly Metric[];
  /** Absent: no request is a span. */
  readonly tracing?: Tracing;
  /** The trace context of an activation. */
  readonly contextOf?: (activationId: string) => string;
  /** Migrated (`migratePlatform`). */
  readonly database: Database<PlatformSchema>;
  readonly engine: ActivationEngine;
  readonly bus: Pick<Bus, 'problem'>;
  readonly catalogue: Catalogue;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly tokens: Tokens;
  readonly log: Log;
  readonly desk: SupportDesk;
  readonly config: PlatformConfig;
  /** Reads the callbacks of an API IoT of another maker; without it, those of Fleetwake's own. */
  readonly adapter?: Pick<Adapter, 'callback'>;
  /** What decides about the findings of a restore, and looks payments up. */
  readonly restore: ComparisonDeps & DecisionDeps & { readonly onResumed: () => void };
  /** Pages for customers, beside the API. */
  readonly pages?: PlatformPages;
}

export interface PlatformPages {
  mount(app: App, deps: PlatformDeps): void;
  /** Returns the page of a request that was refused before its page read it; null for a path that has no page. */
  refusal(context: Context<AppEnv>, error: ProblemError, deps: PlatformDeps): Response | null;
  /** Returns a path as the log may have it: a link lets its holder in. */
  loggedPath(path: string): string;
}

/** The support desk, as far as its commands need it. */
export interface SupportDesk {
  readonly settings: SupportSettings;
  readonly notices: NoticeSettings;
  /** Called after each commit that wrote history lines or notifications. */
  readonly onRecorded: () => void;
}

export interface PlatformConfig {
  /** Where the API is reached, without a slash at its end; the issuer of its tokens. */
  readonly origin: string;
  readonly clients: readonly OAuthClient[];
  /** Origins whose pages may call the API from a browser; none unless given. */
  readonly allowedOrigins?: readonly string[];
  /** `whsec_` and base64: with it the API IoT signs its callbacks. */
  readonly callbackSecret: string;
  /** With it the payment service signs its webhook; without it the webhook is refused. */
  readonly paymentsWebhookSecret?: string;
  /**
   * Refuse (409) a purchase for a model without a template. Off by default: then the engine's check of the vehicle
   * decides, and the failure is reversed and explained as any other.
   */
  readonly refuseIncompatible?: boolean;
  /** Purchases under way at once in this process at the most; default 64. */
  readonly purchasesMax?: number;
  /** Without it the platform always sells. */
  readonly salesStops?: SalesStops;
}
