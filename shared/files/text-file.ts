import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The largest text file that is read unless its reader says otherwise. */
export const textFileMaxBytes = 16 * 1024 * 1024;

/** A file that was opened and is no usable text. The message fits behind the file's name: `is not UTF-8; …`. */
export class TextFileError extends Error {
  override readonly name = 'TextFileError';
}

/**
 * Decodes UTF-8 and drops a byte order mark at its start, which editors on Windows write. Throws `TextFileError` for
 * bytes that are not UTF-8: replaced letters would be stored and sent without a word.
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new TextFileError('it is not UTF-8; save it as UTF-8');
  }
}

const chunkMinBytes = 4 * 1024;
const chunkMaxBytes = 64 * 1024;

/**
 * Reads a text file of a user: the one way for every file that people write. Reads at most `maxBytes`, so that a device
 * or a pipe without an end is refused. Throws the system's error (`fileErrorText` explains it) or `TextFileError`.
 */
export function readTextFile(path: string, maxBytes = textFileMaxBytes): string {
  const file = openSync(path, 'r');
  try {
    const state = fstatSync(file);
    // A device has no end that could be read.
    if (state.isCharacterDevice()) throw new TextFileError('it is a device, not a file; name a file');
    // The catalogue has hundreds of small files: no more memory for each than it needs. A pipe has no size.
    const chunkBytes = Math.min(chunkMaxBytes, Math.max(chunkMinBytes, state.size + 1));
    return decodeText(readUpTo(file, maxBytes, chunkBytes));
  } finally {
    closeSync(file);
  }
}

function readUpTo(file: number, maxBytes: number, chunkBytes: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = new Uint8Array(chunkBytes);
    const count = readSync(file, chunk);
    if (count === 0) break;
    size += count;
    if (size > maxBytes) throw new TextFileError(`it has more than ${maxBytes} bytes; name a smaller file`);
    chunks.push(chunk.subarray(0, count));
  }
  return Buffer.concat(chunks);
}
