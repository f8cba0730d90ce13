/** Memory and time of each function; `npm run cost` counts with the same. 1,769 MB is one whole CPU. */
export const SIZES = {
  ingest: { memoryMegabytes: 1024, timeoutSeconds: 20 },
  /** A plan takes at most half of its memory (docs/architecture.md). */
  indexer: { memoryMegabytes: 1769, timeoutSeconds: 120 },
  rollup: { memoryMegabytes: 256, timeoutSeconds: 60 },
  /** Nothing is lost when one ends early: what it had not merged is found again. */
  merge: { memoryMegabytes: 1024, timeoutSeconds: 300 },
  query: { memoryMegabytes: 1769, timeoutSeconds: 60 },
} as const;
