import { hashBytes } from "../../otlp/hash.ts";
import { equalBytes } from "../../otlp/trace-ordinals.ts";

const SEED = 0x1d1d_0001;

/** Numbers ids where they lie, in the order in which they are added; of equal ones the first is found. */
export class IdNumbers {
  private readonly bytes: Uint8Array;
  private readonly length: number;
  private readonly mask: number;
  private readonly slots: Uint32Array; // number + 1
  private readonly places: Uint32Array;
  private count = 0;

  /** @param most as many as will ever be added */
  constructor(bytes: Uint8Array, length: number, most: number) {
    let size = 16;
    while (size < most * 2) size *= 2;
    this.bytes = bytes;
    this.length = length;
    this.mask = size - 1;
    this.slots = new Uint32Array(size);
    this.places = new Uint32Array(most);
  }

  add(at: number): number {
    this.places[this.count++] = at;
    const slot = this.slotOf(at);
    if (this.slots[slot] === 0) this.slots[slot] = this.count;
    return this.count - 1;
  }

  /** -1 when there is none. */
  find(at: number): number {
    return (this.slots[this.slotOf(at)] as number) - 1;
  }

  private slotOf(at: number): number {
    let slot = hashBytes(SEED, this.bytes, at, at + this.length) & this.mask;
    for (let found = this.slots[slot] as number; found !== 0; found = this.slots[slot] as number) {
      if (equalBytes(this.bytes, at, this.places[found - 1] as number, this.length)) break;
      slot = (slot + 1) & this.mask;
    }
    return slot;
  }
}
