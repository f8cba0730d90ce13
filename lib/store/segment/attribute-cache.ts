/** What fits the processor's cache: an ordinary service's attributes come again and again, ids never do. */
const SLOTS = 8192;
const KEY_SLOTS = 512;

/** Longer ones rarely come again. */
const MAX_BYTES = 1024;
const MIN_KEY_BYTES = 4;
/** Below this a word and the one before it would not both lie in the attribute. */
const MIN_BYTES = 8;

/** Columns of a place, side by side: where the attribute stands, its lengths (0 in an empty place), the two terms' numbers. */
const WIDTH = 4;
/** And of a key's: where it stands, its length, its term and the term's number. */
const KEY_WIDTH = 4;

/**
 * Remembers the terms of attributes by their bytes: one that was met before need not be read, hashed and looked up, which
 * takes twice as long as comparing it. Each place holds the last attribute that fell there.
 */
export class AttributeCache {
  /** Of the attribute that was last found. */
  keyNumber = 0;
  valueNumber = 0;
  /** Of the key that was last found or kept. */
  keyHash = 0;
  private readonly words: DataView;
  private readonly places = new Uint32Array(SLOTS * WIDTH);
  private readonly keys = new Uint32Array(KEY_SLOTS * KEY_WIDTH);
  /** Where {@link keep} and {@link keepKey} put what was last looked for; -1 for nowhere. */
  private at = -1;
  private keyAt = -1;

  constructor(bytes: Uint8Array) {
    this.words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether the attribute is known; if it is not, {@link keep} is about it. */
  find(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): boolean {
    const length = valueEnd - keyStart;
    const gap = valueStart - keyEnd;
    this.at = -1;
    // Key and value as they mostly lie, a tag and a length between: their bytes are one run.
    if (gap < 2 || gap > 3 || length > MAX_BYTES || length < MIN_BYTES || keyEnd - keyStart < MIN_KEY_BYTES)
      return false;
    const { words, places } = this;
    const last = valueEnd - 4;
    // Behind tag and length: values of one key differ at their end, or at their begin where they share an ending.
    const first = valueStart + 2 < last ? valueStart + 2 : last;
    const mixed = Math.imul(
      Math.imul(words.getUint32(last) ^ Math.imul(words.getUint32(keyEnd - 4), 0x85ebca6b), 0xc2b2ae35) ^
        words.getUint32(first),
      0x9e3779b1,
    );
    const at = ((mixed ^ (mixed >>> 15) ^ length) & (SLOTS - 1)) * WIDTH;
    const lengths = lengthsOf(keyStart, keyEnd, valueStart, valueEnd);
    if (places[at + 1] === lengths && isSameRun(words, places[at] as number, keyStart, length)) {
      this.keyNumber = places[at + 2] as number;
      this.valueNumber = places[at + 3] as number;
      return true;
    }
    this.at = at;
    return false;
  }

  keep(
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    keyNumber: number,
    valueNumber: number,
  ): void {
    const { places, at } = this;
    if (at === -1) return;
    places[at] = keyStart;
    places[at + 1] = lengthsOf(keyStart, keyEnd, valueStart, valueEnd);
    places[at + 2] = keyNumber;
    places[at + 3] = valueNumber;
  }

  /** Whether the key is known, its hash and number; if it is not, {@link keepKey} is about it. */
  findKey(start: number, end: number): boolean {
    const length = end - start;
    this.keyAt = -1;
    if (length < MIN_KEY_BYTES) return false;
    const { words, keys } = this;
    const mixed = Math.imul(words.getUint32(end - 4) ^ length, 0x9e3779b1);
    const at = (mixed >>> 23) * KEY_WIDTH;
    if (keys[at + 1] === length && isSameRun(words, keys[at] as number, start, length)) {
      this.keyHash = keys[at + 2] as number;
      this.keyNumber = keys[at + 3] as number;
      return true;
    }
    this.keyAt = at;
    return false;
  }

  keepKey(start: number, end: number, hash: number, number: number): void {
    const { keys, keyAt: at } = this;
    this.keyHash = hash;
    this.keyNumber = number;
    if (at === -1) return;
    keys[at] = start;
    keys[at + 1] = end - start;
    keys[at + 2] = hash;
    keys[at + 3] = number;
  }
}

/** Of the key, of what lies before the value, and of all: each fits its bits. */
const lengthsOf = (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): number =>
  ((keyEnd - keyStart) << 14) | ((valueStart - keyEnd) << 12) | (valueEnd - keyStart);

/** A word at a time; backwards, where attributes of one key differ first. The run is never shorter than a word. */
function isSameRun(words: DataView, a: number, b: number, length: number): boolean {
  for (let i = length - 4; i > 0; i -= 4) if (words.getUint32(a + i) !== words.getUint32(b + i)) return false;
  return words.getUint32(a) === words.getUint32(b);
}
