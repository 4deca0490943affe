import type { Clock } from '../../shared/ports/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
import { channelFaultTypes, channelOfFault } from './channel-fault.ts';
import type { ChannelFault } from './fault.ts';
import { type FaultControls, faultStrikes } from './fault-strikes.ts';

/** What becomes of a message that arrives at a channel which is down. None of them is ever taken. */
export type ChannelTrouble = 'refuses' | 'hangs';

/** Faults of one channel, applied in front of its stand-in. */
export interface ChannelGate extends FaultControls<ChannelFault> {
  /** What meets a message to this recipient that arrives now; null: it is taken. */
  meets(recipient: string): ChannelTrouble | null;
}

export interface ChannelGates {
  readonly mail: ChannelGate;
  readonly push: ChannelGate;
}

/** Gates for both channels, each with its own of these faults. Draws come from one stream a recipient. */
export function channelGates(
  deps: { readonly clock: Clock; readonly random: Random },
  faults: readonly ChannelFault[],
): ChannelGates {
  const gateOf = (channel: keyof ChannelGates): ChannelGate => {
    const types = channelFaultTypes.filter((type) => channelOfFault[type] === channel);
    const own = faults.filter(({ type }) => types.includes(type));
    const strikes = faultStrikes<ChannelFault>({ ...deps, random: deps.random.stream(channel) }, types, own);
    return {
      ...strikes,
      meets(recipient) {
        const fault = strikes.faults().find((one) => strikes.strikes(one, recipient));
        if (!fault) return null;
        return fault.attributes.hangs ? 'hangs' : 'refuses';
      },
    };
  };
  return { mail: gateOf('mail'), push: gateOf('push') };
}

/** How often each type has struck, over both channels. */
export function channelCounts({ mail, push }: ChannelGates): Readonly<Record<string, number>> {
  return { ...mail.counts(), ...push.counts() };
}
