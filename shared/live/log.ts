import { pino } from 'pino';
import type { Log } from '../ports/log.ts';
import { maskedText } from '../protocol/address.ts';
import { maskSecrets } from '../protocol/known-secrets.ts';
import { escapedText } from '../protocol/plain-text.ts';

/** JSON lines on standard error (standard output belongs to what the command prints). None of the secrets stands in one, and no query of a URL. */
export function jsonLog(
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent',
  secrets: readonly string[] = [],
): Log {
  const destination = pino.destination({ fd: 2, sync: true });
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line) => destination.write(escapedText(maskedText(maskSecrets(line, secrets)))) },
  );
  return {
    info: (event, fields) => logger.info({ event, ...fields }),
    warn: (event, fields) => logger.warn({ event, ...fields }),
    error: (event, fields) => logger.error({ event, ...fields }),
  };
}
