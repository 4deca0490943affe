import { z } from 'zod';

const shape = /^(?!\.{1,2}$)[!-~]([ -~]{0,253}[!-~])?$/;

/**
 * A customer's id, as the caller's identity provider gives it (`auth0|507f`, `google-oauth2|1`, an e-mail address): the
 * `sub` of OpenID Connect, at most 255 printable ASCII characters. `.` and `..` would be steps of a path.
 */
export const customerIdSchema = z
  .string()
  .regex(shape, '1 to 255 printable ASCII characters, no space at either end, and not . or ..')
  .meta({ description: "The caller's id of the customer; percent-encoded in paths", example: 'ana' });
