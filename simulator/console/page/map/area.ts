import type { Place } from './projection.ts';

/** A part of the map: the corners of a polygon in turn. */
export type Area = readonly Place[];

/** Corners of an area: a line that was drawn with the hand is thinned, so that it fits in an address. */
export const cornersMax = 60;

/** Returns whether a place lies within the area (even-odd rule). */
export function isWithin(area: Area, { longitude, latitude }: Place): boolean {
  let isInside = false;
  for (let index = 0; index < area.length; index += 1) {
    const one = area[index];
    const other = area[(index + area.length - 1) % area.length];
    if (one === undefined || other === undefined) continue;
    if (one.latitude > latitude === other.latitude > latitude) continue;
    const part = (latitude - one.latitude) / (other.latitude - one.latitude);
    if (longitude < one.longitude + part * (other.longitude - one.longitude)) isInside = !isInside;
  }
  return isInside;
}

/** Returns the area between two opposite corners. */
export function rectangle(one: Place, other: Place): Area {
  const [west, east] = [one.longitude, other.longitude];
  const [north, south] = [one.latitude, other.latitude];
  return [
    { longitude: west, latitude: north },
    { longitude: east, latitude: north },
    { longitude: east, latitude: south },
    { longitude: west, latitude: south },
  ];
}

/** Returns the area with at most `cornersMax` corners, evenly chosen; null where it has too few to have a surface. */
export function thinned(corners: Area): Area | null {
  if (corners.length < 3) return null;
  if (corners.length <= cornersMax) return corners;
  return Array.from({ length: cornersMax }, (_, index) => {
    const place = Math.floor((index * corners.length) / cornersMax);
    return corners[place] as Place;
  });
}

/** `13.1,52.4;13.7,52.4;…`: degrees east and north of each corner, for an address. */
export function areaText(area: Area): string {
  return area.map(({ longitude, latitude }) => `${degrees(longitude)},${degrees(latitude)}`).join(';');
}

/** Reads what `areaText` wrote; null where it is none. */
export function areaFrom(text: string | null): Area | null {
  if (text === null) return null;
  const corners = text.split(';').map((corner) => {
    const [longitude = Number.NaN, latitude = Number.NaN, ...more] = corner.split(',').map(Number);
    const isPlace = more.length === 0 && Math.abs(longitude) <= 360 && Math.abs(latitude) <= 90;
    return isPlace ? { longitude, latitude } : null;
  });
  const places = corners.filter((corner) => corner !== null);
  return places.length === corners.length && places.length >= 3 && places.length <= cornersMax
    ? places
    : null;
}

/** To about 100 metres. */
function degrees(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}
