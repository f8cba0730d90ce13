import { createRequire } from "node:module";
import { crc32 } from "node:zlib";

/** The very copy that dynalite uses. */
const checksum: { unsigned(text: string): number } = createRequire(import.meta.resolve("dynalite"))("buffer-crc32");

/** dynalite sums up every answer in JavaScript, byte by byte: a fifth of the time that its thread takes for reads. */
export function sumNatively(): void {
  checksum.unsigned = (text) => crc32(text);
}
