import type { Failure } from './failure.ts';
import type { PaymentEvent } from './settlement.ts';

/** What can happen to an activation. Time (`at`) and chance (`draw`, in [0, 1)) arrive inside. */
export type VehicleEvent =
  /** The check before attempt 1. An unreadable status does not stop the activation: `failure` is null and the message has the reason. */
  | {
      readonly type: 'vehicle_checked';
      readonly at: number;
      readonly failure: Failure | null;
      readonly message: string;
    }
  /** The attempt may start: the vehicle has no other command under way. */
  | { readonly type: 'attempt_started'; readonly at: number }
  /** Not now: another command is under way, the vehicle is away (revocation), the quota is kept for paid activations, an incident or a pause holds it. */
  | {
      readonly type: 'postponed';
      readonly at: number;
      readonly reason: 'vehicle_busy' | 'vehicle_away' | 'quota_reserved' | 'api_iot_unavailable' | 'paused';
      /** When to look again, where that is known; else after the back-off of its postponements. */
      readonly until?: number;
    }
  /** The vehicle's other command, or an incident, has ended: postponed activations may try again. */
  | { readonly type: 'vehicle_free'; readonly at: number; readonly cause?: 'incident_ended' }
  /** The customer does not want it any more. */
  | { readonly type: 'cancel_requested'; readonly at: number }
  /** A customer owns the feature: a deactivation leaves it active, and a purchase renews it. */
  | { readonly type: 'feature_owned'; readonly at: number }
  | {
      readonly type: 'command_accepted';
      readonly at: number;
      readonly attempt: number;
      readonly commandId: string;
      readonly version: number | null;
      readonly expiresAt: number;
    }
  /** The attempt was not made: 429, or a systemic `cause` at the API IoT. */
  | {
      readonly type: 'rate_limited';
      readonly at: number;
      readonly attempt: number;
      readonly retryAt: number;
      readonly cause?: string;
    }
  /** Asked for, and no final state yet, or no answer. */
  | { readonly type: 'command_pending'; readonly at: number; readonly attempt: number; readonly draw: number }
  | {
      readonly type: 'command_applied';
      readonly at: number;
      readonly attempt: number;
      readonly vehicleClock: number | null;
    }
  /** Refused by the API IoT, or ended without delivery. */
  | {
      readonly type: 'command_failed';
      readonly at: number;
      readonly attempt: number;
      readonly failure: Failure;
      readonly draw: number;
    }
  /** Status, health and history were read, or could not be. `delivered` names the attempt that they prove delivered. */
  | {
      readonly type: 'diagnostics_read';
      readonly at: number;
      readonly delivered: number | null;
      readonly diagnostics: unknown;
    };

export type ActivationEvent = VehicleEvent | PaymentEvent;
export type VehicleEventType = VehicleEvent['type'];
