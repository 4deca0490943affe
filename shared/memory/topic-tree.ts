/**
 * Values by topic, a level of it at a time (MQTT 3.1.1 section 4.7): a filter that begins
 * with a vehicle's own levels finds its topics without a look at those of the others.
 */
export interface TopicTree<V> {
  set(path: string, value: V): void;
  delete(path: string): void;
  clear(): void;
  /** The values of the topics that the filter matches. */
  matchedBy(filter: string): V[];
}

interface Node<V> {
  readonly children: Map<string, Node<V>>;
  value: V | undefined;
}

export function newTopicTree<V>(): TopicTree<V> {
  const root = newNode<V>();
  return {
    set(path, value) {
      let node = root;
      for (const level of path.split('/')) {
        const next = node.children.get(level) ?? newNode<V>();
        node.children.set(level, next);
        node = next;
      }
      node.value = value;
    },
    delete: (path) => void prune(root, path.split('/')),
    clear: () => root.children.clear(),
    matchedBy(filter) {
      const found: V[] = [];
      const levels = filter.split('/');
      const walk = (node: Node<V>, depth: number): void => {
        const level = levels[depth];
        if (level === undefined || level === '#') take(found, node);
        if (level === '#' || level === '+') {
          const next = level === '#' ? depth : depth + 1;
          for (const [name, child] of node.children)
            if (node !== root || !name.startsWith('$')) walk(child, next);
        } else if (level !== undefined) {
          const child = node.children.get(level);
          if (child) walk(child, depth + 1);
        }
      };
      walk(root, 0);
      return found;
    },
  };
}

function newNode<V>(): Node<V> {
  return { children: new Map(), value: undefined };
}

function take<V>(found: V[], node: Node<V> | undefined): void {
  if (node?.value !== undefined) found.push(node.value);
}

/** True when nothing is left of the node. */
function prune<V>(node: Node<V>, [level, ...rest]: readonly string[]): boolean {
  if (level === undefined) node.value = undefined;
  else {
    const child = node.children.get(level);
    if (child && prune(child, rest)) node.children.delete(level);
  }
  return node.value === undefined && node.children.size === 0;
}
