import { Column } from "./growing.ts";

const FIRST_SLOTS = 32;
const LOW = 2 ** 32;

/** Numbers 48-bit hashes from 0 in the order in which they are added. */
export class EntryIndex {
  private readonly low = Column.of32();
  private readonly high = Column.of16();
  /** 1 more than the entry; 0 is free. At most half are taken. */
  private slots = new Uint32Array(FIRST_SLOTS);
  private readonly lowFactor: number;
  private readonly highFactor: number;

  /** @param random in [0, 1): where a hash lies follows from it, so that nobody can choose hashes that lie together */
  constructor(random: () => number) {
    this.lowFactor = Math.floor(random() * LOW) | 1;
    this.highFactor = Math.floor(random() * LOW) | 1;
  }

  get size(): number {
    return this.low.length;
  }

  hashOf(entry: number): number {
    return this.high.at(entry) * LOW + this.low.at(entry);
  }

  /** -1 when it is not here. */
  find(hash: number): number {
    return (this.slots[this.slotOf(hash % LOW, Math.floor(hash / LOW))] as number) - 1;
  }

  findOrAdd(hash: number): number {
    const [low, high] = [hash % LOW, Math.floor(hash / LOW)];
    const slot = this.slotOf(low, high);
    const known = this.slots[slot] as number;
    if (known !== 0) return known - 1;
    this.low.push(low);
    this.high.push(high);
    this.slots[slot] = this.low.length;
    if (this.low.length * 2 > this.slots.length) this.grow();
    return this.low.length - 1;
  }

  /** Where it is, or where there is room for it. */
  private slotOf(low: number, high: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    // Of a product with an odd factor the upper bits depend on all bits of the other.
    const mixed = Math.imul(low, this.lowFactor) + Math.imul(high, this.highFactor);
    for (let slot = (mixed ^ (mixed >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot] as number;
      if (entry === 0 || (this.low.at(entry - 1) === low && this.high.at(entry - 1) === high)) return slot;
    }
  }

  private grow(): void {
    this.slots = new Uint32Array(this.slots.length * 2);
    for (let entry = 0; entry < this.low.length; entry++)
      this.slots[this.slotOf(this.low.at(entry), this.high.at(entry))] = entry + 1;
  }
}
