/** Numbers terms by hash in the order in which they are first met: open addressing, no object per term. */
export class TermTable {
  count = 0;
  /** Per term. */
  hashes: Uint32Array<ArrayBuffer>;
  /** Pairs of number + 1 and hash, side by side: of many terms each look elsewhere waits for memory. */
  private slots: Uint32Array<ArrayBuffer>;
  private mask: number;

  /** @param expected room for so many at once: growing later places all of them again */
  constructor(expected = 1024) {
    let size = 1024;
    while (size < expected) size *= 2;
    this.hashes = new Uint32Array(size);
    this.mask = size * SLOTS_PER_TERM - 1;
    this.slots = new Uint32Array(size * SLOTS_PER_TERM * 2);
  }

  number(hash: number): number {
    const { slots, mask } = this;
    let slot = hash & mask;
    for (let found = slots[slot * 2] as number; found !== 0; found = slots[slot * 2] as number) {
      if (slots[slot * 2 + 1] === hash) return found - 1;
      slot = (slot + 1) & mask;
    }
    if (this.count === this.hashes.length) {
      this.grow();
      return this.number(hash);
    }
    this.hashes[this.count] = hash;
    slots[slot * 2] = ++this.count;
    slots[slot * 2 + 1] = hash;
    return this.count - 1;
  }

  private grow(): void {
    const larger = new TermTable(this.hashes.length * 2);
    for (let i = 0; i < this.count; i++) larger.number(this.hashes[i] as number);
    this.hashes = larger.hashes;
    this.slots = larger.slots;
    this.mask = larger.mask;
  }
}

/** Fewer would make chains. */
const SLOTS_PER_TERM = 2;

/** What was noted for each term: ascending numbers, each once. */
export interface PostingLists {
  /** Per term, and one more: where its numbers begin in `values`. */
  readonly starts: Uint32Array;
  readonly values: Uint32Array;
}

/** Notes the terms of one number after the other, and sorts them by term at the end by counting. */
export class PostingLog {
  private length = 0;
  private terms: Uint32Array;
  /** Numbers as they were begun, and where the terms of each begin. */
  private begun = 0;
  private numbers: Uint32Array;
  private starts: Uint32Array;
  /** The number last begun, + 1. */
  private current = 0;
  /** Per term, side by side: the last number noted, + 1, and how many. */
  private noted = new Uint32Array(2048);

  /**
   * @param numbers room for so many at once
   * @param terms room for as many as it holds; whatever it holds is overwritten
   */
  constructor(numbers = 64, terms: Uint32Array = new Uint32Array(1024)) {
    this.terms = terms;
    this.numbers = new Uint32Array(numbers);
    this.starts = new Uint32Array(numbers);
  }

  begin(number: number): void {
    if (this.begun === this.numbers.length) {
      this.numbers = doubled(this.numbers, this.begun);
      this.starts = doubled(this.starts, this.begun);
    }
    this.numbers[this.begun] = number;
    this.starts[this.begun++] = this.length;
    this.current = number + 1;
  }

  /** Notes the number last begun for the term; false if it is noted already. */
  add(term: number): boolean {
    const at = term * 2;
    if (at >= this.noted.length) this.noted = doubled(this.noted, at);
    const { noted, current } = this;
    if (noted[at] === current) return false;
    noted[at] = current;
    noted[at + 1] = (noted[at + 1] as number) + 1;
    if (this.length === this.terms.length) this.terms = doubled(this.terms, this.length);
    this.terms[this.length++] = term;
    return true;
  }

  /** @param order numbers were not begun ascending: as what each was begun, the least number first */
  lists(termCount: number, order?: Uint32Array): PostingLists {
    const { terms, noted } = this;
    const starts = new Uint32Array(termCount + 1);
    for (let i = 0; i < termCount; i++) starts[i + 1] = (starts[i] as number) + (noted[i * 2 + 1] ?? 0);
    const next = starts.slice();
    const values = new Uint32Array(this.length);
    for (let i = 0; i < this.begun; i++) {
      const own = order === undefined ? i : (order[i] as number);
      const number = this.numbers[own] as number;
      const end = own + 1 < this.begun ? (this.starts[own + 1] as number) : this.length;
      for (let from = this.starts[own] as number; from < end; from++) {
        const term = terms[from] as number;
        const at = next[term] as number;
        values[at] = number;
        next[term] = at + 1;
      }
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
