import { domainToASCII } from 'node:url';
import { z } from 'zod';

/** The local part that the HTML standard takes (`input type=email`). */
const localPart = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/;
const label = /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;
/** RFC 5321 section 4.5.3.1.3. */
const addressMax = 254;
/** Characters that end or escape a host in a URL: a domain has none, and the conversion must not interpret them. */
const noDomain = /[\s%/\\?#@:[\]<>^|]/u;

/**
 * The address as it is kept and sent to: a domain in other letters becomes its ASCII form (UTS 46), the rest is as written.
 * Null for what is no address by the HTML standard's pattern.
 */
export function mailAddress(text: string): string | null {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(0, at));
  const domain = text.slice(at + 1);
  if (at < 0 || !localPart.test(local) || noDomain.test(domain)) return null;
  const isAscii = /^[ -~]*$/.test(domain);
  const ascii = isAscii ? domain : domainToASCII(domain);
  if (ascii === '' || !ascii.split('.').every((one) => label.test(one))) return null;
  const address = `${local}@${ascii}`;
  return address.length <= addressMax ? address : null;
}

/** A mail address: what browsers take in a form, and domains in any script. */
export const emailSchema = z
  .string()
  .max(addressMax)
  .refine((text) => mailAddress(text) !== null, 'write an e-mail address such as ana@example.com')
  .overwrite((text) => mailAddress(text) ?? text)
  .meta({ format: 'idn-email', example: 'ana@example.com' });
