import { options } from '../../gateway/config.ts';
import { readTextFile } from '../../shared/files/text-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { UsageError } from './exit.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment with each option that a file gives: `DATABASE_URL_FILE=/run/secrets/database-url` is how containers hand secrets over, so
 * that none stands on a command line or in an environment. The variable itself wins. Throws a sentence when a file cannot be read.
 */
export function withEnvironmentFiles(environment: Environment): Environment {
  const read: Record<string, string> = {};
  for (const { environment: name } of Object.values(options)) {
    const path = environment[`${name}_FILE`];
    if (!path || environment[name]) continue;
    try {
      read[name] = readTextFile(path).replace(/\r?\n$/, '');
    } catch (error) {
      throw new UsageError(
        `${name}_FILE: ${path} cannot be read (${fileErrorText(error)}): correct the path`,
      );
    }
  }
  return { ...environment, ...read };
}
