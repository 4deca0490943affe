/** Calls `done` once, when it is closed and every part of it has answered: with false if one of them did. */
export function newTally(done: ((isWell: boolean) => void) | undefined) {
  let open = 1;
  let isWell = true;
  const end = () => {
    open -= 1;
    if (open === 0) done?.(isWell);
  };
  return {
    one() {
      open += 1;
      let isOver = false;
      return (isHandled: boolean) => {
        if (isOver) return;
        isOver = true;
        isWell &&= isHandled;
        end();
      };
    },
    close: end,
  };
}
