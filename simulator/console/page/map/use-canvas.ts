import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { Paint } from './draw-map.ts';
import type { Size } from './projection.ts';

/** The size of a box in pixels of the page; null until it is laid out. */
export function useSize(box: RefObject<HTMLElement | null>): Size | null {
  const [size, setSize] = useState<Size | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      setSize((known) => (known?.width === width && known.height === height ? known : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return size;
}

/** Rises when the page turns from light to dark or back: what is drawn on a canvas is drawn anew. */
export function useColourScheme(): number {
  const [turns, setTurns] = useState(0);
  useEffect(() => {
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    const turn = () => setTurns((known) => known + 1);
    dark.addEventListener('change', turn);
    return () => dark.removeEventListener('change', turn);
  }, []);
  return turns;
}

export const paintNames = [
  ...(['sea', 'land', 'border', 'ink', 'surface', 'accent'] as const),
  ...(['good', 'bad', 'unsure', 'plain'] as const),
];

/** Reads the colours that the style sheet gives to the hidden elements within `box`. */
export function paintOf(box: HTMLElement): Paint {
  const colours = paintNames.map((name) => {
    const element = box.querySelector(`[data-paint="${name}"]`);
    return [name, element === null ? 'gray' : getComputedStyle(element).color];
  });
  return Object.fromEntries(colours) as Paint;
}
