import type { Mistake } from '../../shared/files/mistake.ts';
import type { ComponentFault } from '../faults/component-fault.ts';
import type { Scenario } from './scenario.ts';

/** What a live run uses that is not its own. */
export interface ForeignParts {
  /** A NATS by URL, which others may use as well. */
  readonly hasForeignNats: boolean;
  /** An engine under test, which runs elsewhere. */
  readonly hasForeignGateway: boolean;
}

/** Returns the faults and actions that a live run cannot have, each with the reason and what to do. */
export function liveRefusals(
  { faults, actions = [] }: Pick<Scenario, 'faults' | 'actions'>,
  foreign: ForeignParts,
): Mistake[] {
  const refused = foreign.hasForeignGateway && actions.length > 0;
  const text =
    'is what customers and technicians do at the platform, which an engine of your own has not; leave it out, or leave out --target';
  return [
    ...(refused ? [{ path: ['actions'], text, isKey: true }] : []),
    ...componentRefusals(faults, foreign),
    ...platformRefusals(faults, foreign),
  ];
}

function platformRefusals({ list = [] }: Scenario['faults'], { hasForeignGateway }: ForeignParts): Mistake[] {
  return list.flatMap((record, index): Mistake[] => {
    if (!hasForeignGateway || record.layer !== 'services' || record.target.service !== 'platform') return [];
    const text =
      'is the platform, which a run with --target does not start; let its requests fail yourself, or leave out --target';
    return [{ path: ['faults', 'list', index, 'target', 'service'], text }];
  });
}

function componentRefusals(faults: Scenario['faults'], foreign: ForeignParts): Mistake[] {
  return (faults.parts ?? []).flatMap((fault, index): Mistake[] => {
    const reason = refusalOf(fault, foreign);
    if (reason === null) return [];
    const text = `is "${fault.type}", which a live run cannot have: ${reason}`;
    return [{ path: ['faults', 'parts', index, 'type'], text }];
  });
}

function refusalOf(
  { type }: ComponentFault,
  { hasForeignNats, hasForeignGateway }: ForeignParts,
): string | null {
  if (hasForeignGateway)
    return 'the run has not started the processes of --target; let them fail yourself, or leave out --target';
  switch (type) {
    case 'crash_at_step':
      return 'the steps of a real process have no fixed order; write crash_at_call or gateway_crash, or leave out --live';
    case 'nats_down':
    case 'nats_wiped':
      return hasForeignNats
        ? 'the NATS of --nats-url (NATS_URL) may serve others; leave it out, so that the run starts a nats-server of its own'
        : null;
    default:
      return null;
  }
}
