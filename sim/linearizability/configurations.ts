/**
 * The configurations a search has visited: a set of short rows of 32-bit numbers, with open addressing in one typed array.
 * Rows are compared as a whole, so a collision of hashes costs time and never correctness.
 *
 * Hot code, guarded by bench/linearizability.ts.
 */
export class Configurations {
  size = 0;
  private readonly width: number;
  private capacity: number;
  /** Rows end to end; the first number of an empty one is -1, which none in use begins with. */
  private rows: Int32Array;

  /** Rows have `width` numbers, the first of which is not negative. */
  constructor(width: number) {
    this.width = width;
    this.capacity = 256;
    this.rows = new Int32Array(this.capacity * width).fill(EMPTY);
  }

  /** Adds a row, of which a copy is kept; false if it was there. */
  add(row: Int32Array): boolean {
    const { width } = this;
    if (this.size * 2 >= this.capacity) this.grow();
    const { rows } = this;
    const mask = this.capacity - 1;
    for (let at = hashOf(row, 0, width) & mask; ; at = (at + 1) & mask) {
      const start = at * width;
      if (rows[start] === EMPTY) {
        for (let i = 0; i < width; i++) rows[start + i] = row[i]!;
        this.size++;
        return true;
      }
      let i = 0;
      while (i < width && rows[start + i] === row[i]) i++;
      if (i === width) return false;
    }
  }

  private grow(): void {
    const { width, rows: old, capacity: before } = this;
    this.capacity = before * 2;
    const rows = new Int32Array(this.capacity * width).fill(EMPTY);
    const mask = this.capacity - 1;
    for (let from = 0; from < before * width; from += width) {
      if (old[from] === EMPTY) continue;
      let at = hashOf(old, from, width) & mask;
      while (rows[at * width] !== EMPTY) at = (at + 1) & mask;
      rows.set(old.subarray(from, from + width), at * width);
    }
    this.rows = rows;
  }
}
const EMPTY = -1;

function hashOf(numbers: Int32Array, start: number, width: number): number {
  let hash = 0;
  for (let i = 0; i < width; i++) {
    hash = Math.imul(hash ^ numbers[start + i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
