import type { Clock } from '../../shared/ports/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
import { channelFaultTypes, channelOfFault } from './channel-fault.ts';
import type { ChannelFault } from './fault.ts';
import { type FaultControls, faultStrikes } from './fault-strikes.ts';

/** What becomes of a message that meets a fault of its channel. */
export type ChannelEffect =
  | { readonly type: 'refused' }
  /** Its sender never gets an answer; `isTaken`: it arrives all the same. */
  | { readonly type: 'unanswered'; readonly isTaken: boolean }
  | { readonly type: 'slow'; readonly latencyMs: number };

/** Faults of one channel, applied in front of its stand-in. */
export interface ChannelGate extends FaultControls<ChannelFault> {
  /** What meets a message to this recipient that arrives now; null: it is taken. */
  meets(recipient: string): ChannelEffect | null;
}

export interface ChannelGates {
  readonly mail: ChannelGate;
  readonly push: ChannelGate;
  /** Messages that were taken and whose sender never learned of it: they may come again. */
  takenUnanswered(): number;
}

/** Gates for both channels, each with its own of these faults. Draws come from one stream a recipient. */
export function channelGates(
  deps: { readonly clock: Clock; readonly random: Random },
  faults: readonly ChannelFault[],
): ChannelGates {
  let takenUnanswered = 0;
  const gateOf = (channel: 'mail' | 'push'): ChannelGate => {
    const types = channelFaultTypes.filter((type) => channelOfFault[type] === channel);
    const own = faults.filter(({ type }) => types.includes(type));
    const strikes = faultStrikes<ChannelFault>({ ...deps, random: deps.random.stream(channel) }, types, own);
    return {
      ...strikes,
      meets(recipient) {
        const fault = strikes
          .faults()
          .find((one) => isFor(one, recipient) && strikes.strikes(one, recipient));
        if (!fault) return null;
        const effect = effectOf(fault);
        if (effect.type === 'unanswered' && effect.isTaken) takenUnanswered += 1;
        return effect;
      },
    };
  };
  return { mail: gateOf('mail'), push: gateOf('push'), takenUnanswered: () => takenUnanswered };
}

function isFor({ match }: ChannelFault, recipient: string): boolean {
  return match?.recipient === undefined || recipient.includes(match.recipient);
}

function effectOf(fault: ChannelFault): ChannelEffect {
  switch (fault.type) {
    case 'smtp_slow':
    case 'push_slow':
      return { type: 'slow', latencyMs: fault.attributes.latencyMs };
    default: {
      const { hangs, takes } = fault.attributes;
      return hangs ? { type: 'unanswered', isTaken: takes } : { type: 'refused' };
    }
  }
}

/** How often each type has struck, over both channels. */
export function channelCounts({ mail, push }: ChannelGates): Readonly<Record<string, number>> {
  return { ...mail.counts(), ...push.counts() };
}
