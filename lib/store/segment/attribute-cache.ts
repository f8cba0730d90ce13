/** What fits the processor's cache: an ordinary service's attributes come again and again, ids never do. */
const SLOTS = 4096;

/** Longer ones rarely come again. */
const MAX_BYTES = 128;
const MIN_KEY_BYTES = 4;

/**
 * Remembers the terms of attributes by their bytes: one that was met before need not be read, hashed and looked up, which
 * takes twice as long as comparing it. Each place holds the last attribute that fell there.
 */
export class AttributeCache {
  /** Of the attribute that was last found. */
  keyNumber = 0;
  valueNumber = 0;
  private readonly words: DataView;
  private readonly starts = new Uint32Array(SLOTS);
  /** Lengths of key and of all; 0 in an empty place. */
  private readonly lengths = new Uint32Array(SLOTS);
  private readonly keyNumbers = new Uint32Array(SLOTS);
  private readonly valueNumbers = new Uint32Array(SLOTS);
  private slot = -1;

  constructor(bytes: Uint8Array) {
    this.words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether the attribute is known; if it is not, {@link keep} is about it. */
  find(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): boolean {
    const length = valueEnd - keyStart;
    this.slot = -1;
    // Key and value as they mostly lie, a tag and a length between: their bytes are one run.
    if (valueStart - keyEnd !== 2 || length > MAX_BYTES || keyEnd - keyStart < MIN_KEY_BYTES) return false;
    const { words } = this;
    const mixed = Math.imul(
      words.getUint32(valueEnd - 4) ^ Math.imul(words.getUint32(keyEnd - 4), 0x85ebca6b),
      0x9e3779b1,
    );
    const slot = (mixed ^ (mixed >>> 15) ^ length) & (SLOTS - 1);
    const lengths = ((keyEnd - keyStart) << 16) | length;
    if (this.lengths[slot] === lengths && isSameRun(words, this.starts[slot] as number, keyStart, length)) {
      this.keyNumber = this.keyNumbers[slot] as number;
      this.valueNumber = this.valueNumbers[slot] as number;
      return true;
    }
    this.slot = slot;
    return false;
  }

  keep(keyStart: number, keyEnd: number, valueEnd: number, keyNumber: number, valueNumber: number): void {
    if (this.slot === -1) return;
    this.starts[this.slot] = keyStart;
    this.lengths[this.slot] = ((keyEnd - keyStart) << 16) | (valueEnd - keyStart);
    this.keyNumbers[this.slot] = keyNumber;
    this.valueNumbers[this.slot] = valueNumber;
  }
}

/** A word at a time; backwards, where attributes of one key differ first. An attribute is never shorter than a word. */
function isSameRun(words: DataView, a: number, b: number, length: number): boolean {
  for (let i = length - 4; i > 0; i -= 4) if (words.getUint32(a + i) !== words.getUint32(b + i)) return false;
  return words.getUint32(a) === words.getUint32(b);
}
