import type { FailureCategory } from '../activation/failure.ts';

/** Returns why an attempt failed, as the customer reads it: without internal details. */
export const failureWords: Readonly<Record<FailureCategory, string>> = {
  transient_network: 'the connection to the vehicle failed',
  vehicle_offline: 'the vehicle could not be reached',
  api_iot_error: 'the vehicle service was not available',
  timeout: 'the vehicle did not answer in time',
  vehicle_not_ready: 'the vehicle was not ready',
  invalid_configuration: 'the configuration was refused',
  vehicle_incompatible: 'the vehicle does not support the service',
  authorization_failure: 'the vehicle service refused us',
  unknown_vehicle: 'the vehicle is not known to the vehicle service',
  deadline_exceeded: 'the time for it was over',
};
