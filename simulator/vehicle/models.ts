/** What a vehicle of one model was built with. The firmware knows every feature; the hardware may lack some. */
export interface VehicleModel {
  /** As in the service catalogue: `aurora-2026`. */
  readonly id: string;
  readonly firmware: string;
  /** The features whose hardware is built in. They leave the factory dormant. */
  readonly features: readonly string[];
  /** WMI and VDS without the check digit: 8 characters of the VIN. */
  readonly vinPrefix: string;
  /** Model year and plant: 2 characters of the VIN. */
  readonly vinPlant: string;
  readonly batteryKwh: number;
  /** Mean consumption while driving. */
  readonly kwhPerKm: number;
}

/** Every optional feature that the firmware contains (specification, "Pre-Installed Functionality Model"). */
export const firmwareFeatures = [
  'heated_seats',
  'adaptive_cruise',
  'range_boost',
  'ambient_light',
  'remote_start',
  'sport_mode',
] as const;

/** The base platform is always on and no command switches it. */
export const basePlatform = 'base_platform';

export const vehicleModels: readonly VehicleModel[] = [
  {
    id: 'aurora-2026',
    firmware: '4.2.0',
    features: firmwareFeatures,
    vinPrefix: 'WFWAUR1E',
    vinPlant: 'TA',
    batteryKwh: 77,
    kwhPerKm: 0.18,
  },
  {
    id: 'borealis-2026',
    firmware: '4.2.0',
    features: firmwareFeatures.filter((feature) => feature !== 'sport_mode'),
    vinPrefix: 'WFWBRE2E',
    vinPlant: 'TB',
    batteryKwh: 64,
    kwhPerKm: 0.16,
  },
  {
    id: 'cirrus-2025',
    firmware: '3.9.1',
    features: ['heated_seats', 'ambient_light', 'remote_start'],
    vinPrefix: 'WFWCRS3E',
    vinPlant: 'SC',
    batteryKwh: 52,
    kwhPerKm: 0.15,
  },
];

/** `aurora-2026` is sold as `Aurora 2026`. */
export function modelName(id: string): string {
  return id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}
