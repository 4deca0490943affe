/** Within what a technician may change a parameter for one vehicle. */
type Adjustable =
  | { readonly min: number; readonly max: number }
  | { readonly oneOf: readonly (string | number | boolean)[] };

/** A versioned template of the Configuration Repository: what is sent to a vehicle of this model for this service. */
export interface Configuration {
  readonly serviceId: string;
  readonly model: string;
  readonly version: number;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** What a technician may change for one vehicle; absent: nothing. */
  readonly adjustable?: Readonly<Record<string, Adjustable>>;
  /** Texts for the vehicle's display, at most 80 characters each. */
  readonly display: { readonly receiving: string; readonly applied: string };
}
