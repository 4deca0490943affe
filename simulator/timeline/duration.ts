const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/** Returns a length of time in its two largest units: `5 h 3 min`, `30 s`, `1.25 s`, `40 ms`. */
export function lengthText(ms: number): string {
  const whole = Math.round(ms);
  if (whole < 1_000) return `${whole} ms`;
  if (whole < 60_000) return `${Number((whole / 1_000).toFixed(whole < 10_000 ? 2 : 1))} s`;
  const first = units.findIndex((unit) => whole >= unit.ms);
  const [large, small] = [units[first], units[first + 1]];
  if (large === undefined) return `${whole} ms`;
  const count = Math.floor(whole / large.ms);
  const rest = small === undefined ? 0 : Math.floor((whole % large.ms) / small.ms);
  return rest === 0 || small === undefined
    ? `${count} ${large.name}`
    : `${count} ${large.name} ${rest} ${small.name}`;
}

/** Returns an instant as the time since the timeline's first moment: `+5:00.000`, `+2:03:10.500`, `-0:09.990`. */
export function instantText(ms: number): string {
  const whole = Math.abs(Math.round(ms));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = `${two(Math.floor(whole / 1_000) % 60)}.${String(whole % 1_000).padStart(3, '0')}`;
  const sign = ms < 0 && whole > 0 ? '-' : '+';
  return hours > 0 ? `${sign}${hours}:${two(minutes)}:${seconds}` : `${sign}${minutes}:${seconds}`;
}
