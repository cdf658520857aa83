/** A queue as plain data: first in, first out. What has been taken stays in the array until it is more than what waits. */
export interface Fifo<Item> {
  readonly items: (Item | undefined)[];
  head: number;
}

const GARBAGE_MIN = 32;

export function emptyFifo<Item>(): Fifo<Item> {
  return { items: [], head: 0 };
}

export function fifoLength<Item>({ items, head }: Fifo<Item>): number {
  return items.length - head;
}

export function push<Item>({ items }: Fifo<Item>, item: Item): void {
  items.push(item);
}

/** Takes what has waited longest; undefined: nothing waits. */
export function take<Item>(fifo: Fifo<Item>): Item | undefined {
  const { items, head } = fifo;
  if (head === items.length) return undefined;
  const item = items[head];
  items[head] = undefined;
  fifo.head = head + 1;
  if (fifo.head >= GARBAGE_MIN && fifo.head * 2 >= items.length) {
    items.splice(0, fifo.head);
    fifo.head = 0;
  }
  return item;
}

/** Puts these before all that waits, in their order. */
export function putBack<Item>(fifo: Fifo<Item>, first: readonly Item[]): void {
  fifo.items.splice(0, fifo.head, ...first);
  fifo.head = 0;
}

/** Takes out what does not belong here any more. */
export function keepOnly<Item>(fifo: Fifo<Item>, belongs: (item: Item) => boolean): void {
  const kept = fifo.items.slice(fifo.head).filter((item) => belongs(item!));
  fifo.items.splice(0, fifo.items.length, ...kept);
  fifo.head = 0;
}
