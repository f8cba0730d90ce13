/** The bytes that were hashed last, as words: reading one of four bytes at a time takes a quarter of the time. */
let viewed: Uint8Array = new Uint8Array(0);
let words = new DataView(viewed.buffer);

/** MurmurHash3's 32-bit variant (public domain); it mixes well enough that its upper bits alone spread what is hashed evenly. */
export function hashBytes(seed: number, bytes: Uint8Array, start: number, end: number): number {
  if (bytes !== viewed) {
    viewed = bytes;
    words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  let hash = seed;
  let at = start;
  for (const whole = end - ((end - start) & 3); at < whole; at += 4) {
    hash ^= scramble(words.getUint32(at, true));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (at < end) {
    let rest = bytes[at] as number;
    if (at + 1 < end) rest |= (bytes[at + 1] as number) << 8;
    if (at + 2 < end) rest |= (bytes[at + 2] as number) << 16;
    hash ^= scramble(rest);
  }
  return finished(hash ^ (end - start));
}

const scramble = (block: number): number => {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
};

function finished(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
