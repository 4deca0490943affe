/** A versioned template of the Configuration Repository: what is sent to a vehicle of this model for this service. */
export interface Configuration {
  readonly serviceId: string;
  readonly model: string;
  readonly version: number;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** Texts for the vehicle's display, at most 80 characters each. */
  readonly display: { readonly receiving: string; readonly applied: string };
}
