import { type Shape, shapePath } from '../map/shapes.ts';
import type { Tone } from './shown.tsx';

/** The mark of a vehicle, as the map draws it. */
export function Mark({ shape, tone }: { readonly shape: Shape; readonly tone: Tone }) {
  return (
    <svg class={`mark ${tone}`} viewBox="0 0 12 12" aria-hidden="true">
      <path d={shapePath(shape)} />
    </svg>
  );
}
