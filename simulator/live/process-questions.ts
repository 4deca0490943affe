import type { TransportErrorKind } from '../../shared/ports/http.ts';

/** What a gateway process of a run asks the run. */
export type RunQuestion =
  /** A call of a port is about to happen, or its answer is about to arrive: the process waits at it. */
  | { readonly type: 'step'; readonly phase: 'before' | 'after'; readonly label: string }
  /** What meets a request at the API IoT; `key` names it where the run says that it may pass. */
  | {
      readonly type: 'request';
      readonly key: number;
      readonly method: string;
      readonly url: string;
    };

/** What a run asks one of its gateway processes. */
export type ProcessQuestion =
  /** Lets the request pass. Answered once its answer is here, with whether there is one. */
  | { readonly type: 'send'; readonly key: number }
  | { readonly type: 'stop broker'; readonly keepsSessions: boolean }
  | { readonly type: 'start broker' };

/** What becomes of a request. */
export type RequestFate =
  /** The response or the error of the request that passed. */
  | { readonly type: 'own' }
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
  /** Asks what meets the requests at its API IoT. */
  readonly hasFaults: boolean;
}
