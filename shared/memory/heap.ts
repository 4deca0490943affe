/** A binary heap: the smallest item by `isBefore` comes first. */
export interface Heap<T> {
  readonly size: number;
  push(item: T): void;
  /** The first item, or undefined when there is none. */
  peek(): T | undefined;
  pop(): T | undefined;
  clear(): void;
}

export function newHeap<T>(isBefore: (left: T, right: T) => boolean): Heap<T> {
  const items: T[] = [];

  function swap(first: number, second: number): void {
    const item = items[first] as T;
    items[first] = items[second] as T;
    items[second] = item;
  }

  function precedes(first: number, second: number): boolean {
    return isBefore(items[first] as T, items[second] as T);
  }

  function rise(from: number): void {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!precedes(index, parent)) return;
      swap(index, parent);
      index = parent;
    }
  }

  function sink(): void {
    for (let index = 0; ; ) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < items.length && precedes(child, least)) least = child;
      }
      if (least === index) return;
      swap(index, least);
      index = least;
    }
  }

  return {
    get size() {
      return items.length;
    },
    push(item) {
      items.push(item);
      rise(items.length - 1);
    },
    clear() {
      items.length = 0;
    },
    peek: () => items[0],
    pop() {
      const first = items[0];
      const last = items.pop();
      if (items.length > 0) {
        items[0] = last as T;
        sink();
      }
      return first;
    },
  };
}
