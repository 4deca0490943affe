import { parseTopic } from '../../shared/protocol/topics.ts';
import type { ActivationFault, HttpFailure, HttpStep, TestCase } from './test-case.ts';

type HttpFault = Extract<ActivationFault, { type: 'http' }>;
type MessageFault = Extract<ActivationFault, { type: 'message' }>;

/** What becomes of one message: each copy that arrives, after so long; none: it is lost. */
export type Passage = readonly number[];

const passes: Passage = [0];

/** A command as its order among those of its activation names it. */
interface KnownCommand {
  readonly activation: number;
  readonly target: 'active' | 'dormant';
  /** From 1, among the commands of this activation with this target. */
  readonly nth: number;
}

/**
 * Says what goes wrong, addressed by meaning: the test case's activation and the n-th message or call of a kind. Once
 * healed, nothing goes wrong any more.
 */
export function faultBook(testCase: TestCase) {
  const calls = testCase.activations.map(() => new Map<HttpFault, number>());
  const spent = new Set<MessageFault>();
  const late = new Set<ActivationFault>();
  const commands = new Map<string, KnownCommand>();
  const counts = new Map<string, number>();
  /** Which of the test case's activations a vehicle's feature, or a vehicle, is busy with. */
  const byFeature = new Map<string, number>();
  const byVehicle = new Map<string, number>();
  const byActivation = new Map<string, number>();
  let healed = false;
  const injected: Record<string, number> = {};

  function note(name: string): void {
    injected[name] = (injected[name] ?? 0) + 1;
  }

  function faultsOf(activation: number): readonly ActivationFault[] {
    return healed ? [] : (testCase.activations[activation]?.faults ?? []);
  }

  function knowCommand(vin: string, command: WireCommand): KnownCommand | null {
    const known = commands.get(command.id);
    if (known) return known;
    const [first] = command.features;
    const activation = byFeature.get(`${vin} ${first?.feature}`);
    if (first === undefined || activation === undefined) return null;
    const key = `${activation} ${first.target}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    const made: KnownCommand = { activation, target: first.target, nth };
    commands.set(command.id, made);
    return made;
  }

  function isMuted(command: KnownCommand, what: 'command' | 'answer'): boolean {
    return faultsOf(command.activation).some(
      (fault) =>
        fault.type === 'mute' &&
        fault.what === what &&
        (fault.target ?? 'active') === command.target &&
        command.nth >= fault.from &&
        command.nth <= fault.to,
    );
  }

  function passage(command: KnownCommand, channel: MessageFault['channel']): Passage {
    for (const fault of faultsOf(command.activation)) {
      if (fault.type !== 'message' || fault.channel !== channel || fault.nth !== command.nth) continue;
      if (spent.has(fault)) continue;
      spent.add(fault);
      note(`${channel} ${fault.how}`);
      if (fault.how === 'drop') return [];
      return fault.how === 'duplicate' ? [0, fault.delayMs] : [fault.delayMs];
    }
    return passes;
  }

  return {
    heal(): void {
      healed = true;
    },
    get isHealed(): boolean {
      return healed;
    },
    /** Called when a purchase is requested: its activations belong to this activation of the test case. */
    bind(activation: number, activationId: string, vin: string, feature: string): void {
      byActivation.set(activationId, activation);
      byFeature.set(`${vin} ${feature}`, activation);
      byVehicle.set(vin, activation);
    },
    activationOf(activationId: string | null, vin: string | null): number | null {
      return byActivation.get(activationId ?? '') ?? byVehicle.get(vin ?? '') ?? null;
    },
    /** Whose feature it is: the test case's activation that was the last to be paid for it, or null. */
    activationAt: (vin: string, feature: string): number | null => byFeature.get(`${vin} ${feature}`) ?? null,
    /** How this call goes wrong, or null. */
    callFailure(step: HttpStep, activation: number | null): HttpFailure | null {
      for (const index of activation === null ? testCase.activations.keys() : [activation]) {
        for (const fault of faultsOf(index)) {
          if (fault.type !== 'http' || fault.step !== step) continue;
          const seen = (calls[index]?.get(fault) ?? 0) + 1;
          calls[index]?.set(fault, seen);
          if (seen < fault.nth || seen >= fault.nth + fault.count) continue;
          note(`${step} ${fault.how}`);
          return fault.how;
        }
      }
      return null;
    },
    /** The API IoT hands a command to the broker: from now on it has a place in its activation's order. */
    noteCommand(vin: string, payload: string): void {
      const command = wireCommand(payload);
      if (command) knowCommand(vin, command);
    },
    toVehicle(topic: string, payload: string): Passage {
      const vin = parseTopic(topic)?.vin ?? '';
      const command = wireCommand(payload);
      const known = command && knowCommand(vin, command);
      if (!known) return passes;
      if (isMuted(known, 'command')) {
        note('command muted');
        return [];
      }
      return passage(known, known.target === 'active' ? 'command' : 'revocation');
    },
    /**
     * A vehicle whose answers are lost reports its presence without features: these would show what it applied.
     */
    heardStatus(topic: string, payload: string): string {
      const parsed = parseTopic(topic);
      const activation = parsed?.channel === 'status' ? byVehicle.get(parsed.vin) : undefined;
      if (activation === undefined) return payload;
      const isSilent = (['active', 'dormant'] as const).some((target) =>
        isMuted({ activation, target, nth: counts.get(`${activation} ${target}`) ?? 0 }, 'answer'),
      );
      if (!isSilent) return payload;
      note('status muted');
      const { features: _, ...rest } = JSON.parse(payload) as Record<string, unknown>;
      return JSON.stringify(rest);
    },
    fromVehicle(topic: string, payload: string): Passage {
      const parsed = parseTopic(topic);
      if (!parsed) return passes;
      if (parsed.channel !== 'result') return passes;
      const known = commands.get((JSON.parse(payload) as { commandId: string }).commandId);
      if (!known) return passes;
      if (isMuted(known, 'answer')) {
        note('answer muted');
        if (known.target === 'active' && known.nth === testCase.policy.maxRetries + 1)
          note('last answer muted');
        return [];
      }
      const lateMs = lateness(known);
      return lateMs > 0 ? [lateMs] : passage(known, known.target === 'active' ? 'ack' : 'revocation_ack');
    },
    /** Something that is no fault of the test case, and worth counting with them. */
    note,
    /** What went wrong so far, by kind. */
    injected: (): Readonly<Record<string, number>> => injected,
  };

  function lateness(command: KnownCommand): number {
    if (command.target !== 'active' || command.nth !== testCase.policy.maxRetries + 1) return 0;
    for (const fault of faultsOf(command.activation)) {
      if (fault.type !== 'late' || late.has(fault)) continue;
      late.add(fault);
      note('late answer');
      return fault.delayMs;
    }
    return 0;
  }
}

export type FaultBook = ReturnType<typeof faultBook>;

interface WireCommand {
  readonly id: string;
  readonly features: readonly { readonly feature: string; readonly target: 'active' | 'dormant' }[];
}

function wireCommand(payload: string): WireCommand | null {
  const value = JSON.parse(payload) as Partial<WireCommand>;
  return typeof value.id === 'string' && Array.isArray(value.features) ? (value as WireCommand) : null;
}
