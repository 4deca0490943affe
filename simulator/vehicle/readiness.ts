import type { FeatureModel } from './models.ts';
import { featureOf, type Vehicle } from './vehicle.ts';

/**
 * Returns why a feature cannot be switched on or changed now, as `precondition_parked: …`; null when it can. At the end of
 * an ignition cycle the vehicle stands and its ignition is off, even if the next drive has begun.
 */
export function notReadyReason(
  vehicle: Vehicle,
  { requires, preconditions }: FeatureModel,
  isCycleEnd: boolean,
): string | null {
  const { motion, model } = vehicle;
  const inactive = requires.find((id) => !isActive(vehicle, id));
  if (inactive !== undefined) return `dependency_inactive: needs ${inactive}`;
  const isDriving = motion.phase.kind === 'driving' && !isCycleEnd;
  if (preconditions.parked && isDriving) return 'precondition_parked: the vehicle is driving';
  if (preconditions.ignition === 'off' && isDriving) return 'precondition_ignition: the ignition is on';
  if (preconditions.ignition === 'on' && !isDriving) return 'precondition_ignition: the ignition is off';
  const { chargeAtLeast } = preconditions;
  if (chargeAtLeast === undefined || motion.chargePercent >= chargeAtLeast) return null;
  return `precondition_charge: needs ${chargeAtLeast} % of ${model.batteryKwh} kWh`;
}

function isActive(vehicle: Vehicle, id: string): boolean {
  const kind = vehicle.model.known.find((feature) => feature.id === id)?.kind;
  return kind === 'always_on' || featureOf(vehicle, id)?.state === 'active';
}
