/**
 * Values by topic or by filter, a level of the path at a time (MQTT 3.1.1 section 4.7): a look-up costs what its path has levels,
 * however many vehicles there are.
 */
export interface TopicTree<V> {
  get(path: string): V | undefined;
  set(path: string, value: V): void;
  delete(path: string): void;
  clear(): void;
  /** The paths are filters: the values of those that match the topic. */
  matching(topic: string): V[];
  /** The paths are topics: the values of those that the filter matches. */
  matchedBy(filter: string): V[];
}

interface Node<V> {
  readonly children: Map<string, Node<V>>;
  value: V | undefined;
}

export function newTopicTree<V>(): TopicTree<V> {
  const root = newNode<V>();
  return {
    get: (path) =>
      path.split('/').reduce<Node<V> | undefined>((node, level) => node?.children.get(level), root)?.value,
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
    matching(topic) {
      const found: V[] = [];
      const levels = topic.split('/');
      const walk = (node: Node<V>, depth: number): void => {
        // A leading wildcard never matches the broker's own topics [MQTT-4.7.2-1].
        const mayBeWild = depth > 0 || !topic.startsWith('$');
        if (mayBeWild) take(found, node.children.get('#'));
        const level = levels[depth];
        if (level === undefined) take(found, node);
        else
          for (const name of mayBeWild ? [level, '+'] : [level]) {
            const child = node.children.get(name);
            if (child) walk(child, depth + 1);
          }
      };
      walk(root, 0);
      return found;
    },
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
