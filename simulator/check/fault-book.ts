import type { ActivationFault, HttpFailure, HttpStep, TestCase } from './test-case.ts';

type HttpFault = Extract<ActivationFault, { type: 'http' }>;

/**
 * Says which calls go wrong, addressed by meaning: the test case's activation and the n-th call of a kind. Once healed,
 * nothing goes wrong any more.
 */
export function faultBook(testCase: TestCase) {
  const calls = testCase.activations.map(() => new Map<HttpFault, number>());
  /** Which of the test case's activations a vehicle's feature, or a vehicle, is busy with. */
  const byFeature = new Map<string, number>();
  const byVehicle = new Map<string, number>();
  const byActivation = new Map<string, number>();
  let healed = false;
  const injected: Record<string, number> = {};

  function note(name: string): void {
    injected[name] = (injected[name] ?? 0) + 1;
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
        for (const fault of healed ? [] : (testCase.activations[index]?.faults ?? [])) {
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
    /** Something that is no fault of the test case, and worth counting with them. */
    note,
    /** What went wrong so far, by kind. */
    injected: (): Readonly<Record<string, number>> => injected,
  };
}
