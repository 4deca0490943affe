import type { Evidence } from '../reports/evidence.ts';
import { evidenceLines, readEvidence } from '../reports/evidence-log.ts';
import type { Surroundings } from '../reports/surroundings.ts';
import { UsageError } from './exit.ts';
import { textOfNamedFile } from './named-file.ts';
import { openOutputFile } from './output-file.ts';

export interface EvidenceFile {
  write(evidence: Evidence, surroundings: Surroundings): Promise<void>;
  close(): Promise<void>;
}

/** A run of 1,000 vehicles writes about 50 MB; one text cannot hold more than this. */
const logMaxBytes = 500 * 1024 * 1024;

/** So many characters are written at once. */
const chunkLength = 1_000_000;

export async function newEvidenceFile(path: string): Promise<EvidenceFile> {
  const file = await openOutputFile('--log', path);
  return {
    async write(evidence, surroundings): Promise<void> {
      let chunk = '';
      for (const line of evidenceLines(evidence, surroundings)) {
        chunk += `${line}\n`;
        if (chunk.length < chunkLength) continue;
        await file.write(chunk);
        chunk = '';
      }
      await file.write(chunk);
    },
    close: () => file.close(),
  };
}

export async function evidenceIn(
  path: string,
): Promise<{ readonly evidence: Evidence; readonly surroundings: Surroundings }> {
  const hint = 'give a file that "fleetwake run --log FILE" wrote';
  const reading = readEvidence(textOfNamedFile(path, hint, logMaxBytes));
  if (reading.ok) return reading;
  throw new UsageError(`${path} cannot be checked: ${reading.reason}`);
}
