/** Names of services and operations beyond this are no names; what is kept of them has to fit an item among many others. */
export const MAX_NAME_BYTES = 1024;

const MARK = "…";

/** The name, or the beginning of a longer one with a mark behind it; never cut within a character. */
export function boundedName(name: string): string {
  // Most names are short, and a UTF-16 unit takes at most three bytes.
  if (name.length * 3 <= MAX_NAME_BYTES) return name;
  const bytes = Buffer.from(name);
  if (bytes.length <= MAX_NAME_BYTES) return name;
  let end = MAX_NAME_BYTES - Buffer.byteLength(MARK);
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end) + MARK;
}
