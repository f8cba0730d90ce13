/** All hashes are below. */
export const HASHES = 2 ** 32;

/** The lowest hash of part n, as `termPart` divides them; {@link HASHES} for n = parts. Exact for up to 2^19 parts. */
export const firstHash = (n: number, parts: number): number => Math.ceil((n * HASHES) / parts);
