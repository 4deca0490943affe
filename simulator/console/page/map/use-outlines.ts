import { useEffect, useState } from 'preact/hooks';
import { type MapPaths, pathsOf } from './draw-map.ts';
import { readOutlines } from './outlines.ts';

let known: Promise<MapPaths> | null = null;

/** The outlines of land and borders: read once, when the first map is shown. Null until then, and where they cannot be read. */
export function useOutlines(): MapPaths | null {
  const [paths, setPaths] = useState<MapPaths | null>(null);
  useEffect(() => {
    known ??= readPaths();
    known.then(setPaths, () => {
      known = null;
    });
  }, []);
  return paths;
}

async function readPaths(): Promise<MapPaths> {
  const name = document.getElementById('console')?.dataset.outlines ?? '';
  const answer = await fetch(`/assets/${name}`);
  if (!answer.ok) throw new Error(`the answer is ${answer.status}`);
  return pathsOf(readOutlines(await answer.text()));
}
