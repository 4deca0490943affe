/**
 * One run at a time per key. A call during a run joins one more run that starts after it: what changed while it ran is
 * seen, and no two runs of a key overlap.
 */
export function singleFlight<T>(run: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const flights = new Map<string, { current: Promise<T>; next: Promise<T> | null }>();

  function fly(key: string): Promise<T> {
    const flight = { current: run(key), next: null as Promise<T> | null };
    flights.set(key, flight);
    // Registered first: the next flight starts after this one's end.
    const land = () => flights.delete(key);
    flight.current.then(land, land);
    return flight.current;
  }

  return (key) => {
    const flight = flights.get(key);
    if (!flight) return fly(key);
    flight.next ??= flight.current.then(
      () => fly(key),
      () => fly(key),
    );
    return flight.next;
  };
}
