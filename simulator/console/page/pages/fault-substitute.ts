import { emptyDraft, type FaultDraft, recordOfDraft } from './fault-draft.ts';

export interface FaultSubstitute {
  /** What it does, after "here". */
  readonly text: string;
  readonly draft: FaultDraft;
}

/** Returns the fault of a running system that comes closest to a fault of a component; null where none does. */
export function substituteOf(draft: FaultDraft): FaultSubstitute | null {
  const { type, attributes = {} } = recordOfDraft(draft);
  const { afterSeconds, everySeconds } = draft;
  const forSeconds = typeof attributes.forMs === 'number' ? String(attributes.forMs / 1_000) : '';
  const same = { ...emptyDraft, afterSeconds, everySeconds, forSeconds };
  if (type === 'broker_restart')
    return { text: 'every vehicle loses its connection for as long', draft: { ...same, type: 'offline' } };
  if (type !== 'gateway_crash' && type !== 'gateway_stop') return null;
  const isApiIot = attributes.process === 'api-iot';
  return {
    text: `${isApiIot ? 'the API IoT' : 'the platform'} refuses every connection for as long`,
    draft: { ...same, type: 'unreachable', service: isApiIot ? 'api_iot' : 'platform' },
  };
}
