/** The first page: the state of the fleet and of its activations. */
export function Overview() {
  return <p>The fleet at a glance.</p>;
}
