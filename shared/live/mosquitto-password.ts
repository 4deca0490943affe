import { pbkdf2Sync, randomBytes } from 'node:crypto';

/** As `mosquitto_passwd` of Mosquitto 2 does it. The passwords are random tokens: more iterations would only delay a fleet that reconnects. */
const iterations = 101;
const saltBytes = 12;
const hashBytes = 64;

/** Returns the hash of a password as a line of Mosquitto's password file has it: PBKDF2 with SHA-512, type 7. */
export function mosquittoPassword(password: string, salt: Buffer = randomBytes(saltBytes)): string {
  const hash = pbkdf2Sync(password, salt, iterations, hashBytes, 'sha512');
  return `$7$${iterations}$${salt.toString('base64')}$${hash.toString('base64')}`;
}
