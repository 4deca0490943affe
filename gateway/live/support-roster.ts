import { readTextFile } from '../../shared/files/text-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { alwaysOnDuty, type Roster } from '../support/roster.ts';
import { readRoster } from '../support/roster-file.ts';

const demoRoster = alwaysOnDuty(['technician-1', 'technician-2', 'technician-3']);

/** Returns the roster of `--support-roster`, or three technicians who are always on duty. Throws when the file cannot be used. */
export function supportRoster(file: string | null): Roster {
  if (file === null) return demoRoster;
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    throw new Error(`--support-roster: ${file} cannot be read: ${fileErrorText(error)}; correct the path`);
  }
  return readRoster(file, text);
}
