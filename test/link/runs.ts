/** `LINK_RUNS=5000` asks for more than the tests of every day do. */
export function runsOf(everyDay: number): number {
  return Number(process.env.LINK_RUNS ?? everyDay);
}
