import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { EngineSettings } from '../../gateway/engine/engine.ts';
import type { DispatchSettings } from '../../gateway/notifications/delivery.ts';

/** What differs between the platforms of two runs. */
export interface PlatformFigures {
  readonly catalogue: Catalogue;
  readonly engine: EngineSettings;
  readonly dispatch: DispatchSettings;
  /** How often each vehicle is compared with what its customers own; without it never. */
  readonly reconcileEveryMs?: number;
}
