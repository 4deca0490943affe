import type { TransportErrorKind } from '../../shared/ports/http.ts';

/** What a gateway process of a run asks the run. */
export type RunQuestion =
  /** A call of a port is about to happen, or its answer is about to arrive: the process waits at it. */
  | { readonly type: 'step'; readonly phase: 'before' | 'after'; readonly label: string }
  /** What meets a request at the listener of the process; `key` names it where the run says that it may pass. */
  | {
      readonly type: 'request';
      readonly key: number;
      readonly method: string;
      readonly url: string;
      readonly idempotencyKey: string | null;
    };

/** What a run asks one of its gateway processes. */
export type ProcessQuestion =
  /** Lets the request pass. Answered once its answer is here, with whether there is one. */
  | { readonly type: 'send'; readonly key: number }
  | { readonly type: 'stop broker'; readonly keepsSessions: boolean }
  | { readonly type: 'start broker' };

/** A request that one thread sends to the other. */
export interface CarriedRequest {
  readonly type: 'http';
  readonly key: number;
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
}

/** What the thread of the API IoT asks the thread of the platform. */
export type ThreadQuestion =
  | { readonly type: 'started'; readonly origin: string; readonly mqttUrl: string }
  /** It could not start, with a sentence. */
  | { readonly type: 'failed'; readonly message: string }
  | Extract<RunQuestion, { type: 'request' }>
  | CarriedRequest
  | { readonly type: 'give up'; readonly key: number };

/** What the thread of the platform asks the thread of the API IoT. */
export type MainQuestion =
  | Extract<ProcessQuestion, { type: 'send' }>
  | CarriedRequest
  | { readonly type: 'give up'; readonly key: number }
  /** Requests to this origin are carried from now on. */
  | { readonly type: 'mount'; readonly origin: string }
  | { readonly type: 'metrics' }
  | { readonly type: 'stop' };

/** What the thread of the API IoT is started with. */
export interface ThreadData {
  /** The configuration as the environment says it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly keys: Readonly<Record<string, string>>;
  /** Asks what meets the requests at its API IoT. */
  readonly hasFaults: boolean;
}

/** What becomes of a request. */
export type RequestFate =
  /** The response or the error of the request that passed. */
  { readonly type: 'own' } | CarriedAnswer;

/** A response or an error as a message. */
export type CarriedAnswer =
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: string;
    }
  | {
      readonly type: 'error';
      readonly kind: TransportErrorKind;
      readonly message: string;
      readonly mayHaveSucceeded: boolean;
    };

/** What a gateway process of a run is asked to have. */
export interface ProcessHooks {
  /** Waits at the calls where it may be killed. */
  readonly hasSteps: boolean;
  /** Asks what meets the requests at its listener: of the platform, or of the API IoT. */
  readonly hasFaults: boolean;
}
