/** Numbers terms by hash in the order in which they are first met: open addressing, no object per term. */
export class TermTable {
  count = 0;
  /** Per term. */
  hashes = new Uint32Array(1024);
  private slots = new Uint32Array(4096); // number + 1

  number(hash: number): number {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (let found = this.slots[slot] as number; found !== 0; found = this.slots[slot] as number) {
      if (this.hashes[found - 1] === hash) return found - 1;
      slot = (slot + 1) & mask;
    }
    if (this.count === this.hashes.length) {
      this.grow();
      return this.number(hash);
    }
    this.hashes[this.count] = hash;
    this.slots[slot] = ++this.count;
    return this.count - 1;
  }

  private grow(): void {
    const hashes = new Uint32Array(this.hashes.length * 2);
    hashes.set(this.hashes);
    this.hashes = hashes;
    this.slots = new Uint32Array(this.slots.length * 2);
    const mask = this.slots.length - 1;
    for (let i = 0; i < this.count; i++) {
      let slot = (hashes[i] as number) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = i + 1;
    }
  }
}

/** What was noted for each term: ascending numbers, each once. */
export interface PostingLists {
  /** Per term, and one more: where its numbers begin in `values`. */
  readonly starts: Uint32Array;
  readonly values: Uint32Array;
}

/** Notes (term, number) pairs as they come, numbers ascending, and sorts them by term at the end by counting. */
export class PostingLog {
  private length = 0;
  private terms: Uint32Array;
  private values: Uint32Array;
  /** Per term: the last number noted, + 1. */
  private last = new Uint32Array(1024);
  private counts = new Uint32Array(1024);

  constructor(capacity = 1024) {
    this.terms = new Uint32Array(capacity);
    this.values = new Uint32Array(capacity);
  }

  /** False if the pair is noted already. */
  add(term: number, value: number): boolean {
    if (term >= this.last.length) {
      this.last = doubled(this.last, term);
      this.counts = doubled(this.counts, term);
    }
    if (this.last[term] === value + 1) return false;
    this.last[term] = value + 1;
    this.counts[term] = (this.counts[term] as number) + 1;
    if (this.length === this.terms.length) {
      this.terms = doubled(this.terms, this.length);
      this.values = doubled(this.values, this.length);
    }
    this.terms[this.length] = term;
    this.values[this.length++] = value;
    return true;
  }

  lists(termCount: number): PostingLists {
    const starts = new Uint32Array(termCount + 1);
    for (let i = 0; i < termCount; i++) starts[i + 1] = (starts[i] as number) + (this.counts[i] ?? 0);
    const next = starts.slice();
    const values = new Uint32Array(this.length);
    for (let i = 0; i < this.length; i++) {
      const term = this.terms[i] as number;
      const at = next[term] as number;
      values[at] = this.values[i] as number;
      next[term] = at + 1;
    }
    return { starts, values };
  }
}

function doubled(old: Uint32Array, atLeast: number): Uint32Array<ArrayBuffer> {
  let size = old.length * 2;
  while (size <= atLeast) size *= 2;
  const more = new Uint32Array(size);
  more.set(old);
  return more;
}
