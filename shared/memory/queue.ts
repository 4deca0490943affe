/** First in, first out, without moving what waits: an array's `shift` does, and 100,000 messages may wait. */
export interface Queue<T> {
  readonly size: number;
  push(item: T): void;
  shift(): T | undefined;
}

export function newQueue<T>(): Queue<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    get size() {
      return items.length - head;
    },
    push(item) {
      items.push(item);
    },
    shift() {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head] = undefined;
      head += 1;
      if (head > 1_000 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
  };
}
