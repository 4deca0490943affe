import { pino } from 'pino';
import type { Log } from '../ports/log.ts';
import { escapedText } from '../protocol/plain-text.ts';

/** JSON lines on standard error (standard output belongs to what the command prints). */
export function jsonLog(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Log {
  const destination = pino.destination({ fd: 2, sync: true });
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line) => destination.write(escapedText(line)) },
  );
  return {
    info: (event, fields) => logger.info({ event, ...fields }),
    warn: (event, fields) => logger.warn({ event, ...fields }),
    error: (event, fields) => logger.error({ event, ...fields }),
  };
}
