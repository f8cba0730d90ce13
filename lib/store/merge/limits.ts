const KIB = 1024;

/** Sizes in bytes unless said otherwise; each can be handed in smaller, so that a test can reach it. */
export interface MergeLimits {
  /** One item's body: DynamoDB's 400 KB less what key and attribute names need. */
  readonly itemBytes: number;
  /** A part of the terms: twice a segment's, for one lookup reads one part instead of one of each input, and rounding costs half. */
  readonly termPartBytes: number;
  /** A part of the trace ids, at least and at most, without the inputs that it names: those stand in every part, so the more they are the larger it is. */
  readonly tracePartBytes: readonly [least: number, most: number];
  /** A part of the table of inputs before compression. */
  readonly inputPartBytes: number;
  /** Rows and sources that are listed of a term; of one with more only the inputs are, because copying long lists makes parts of megabytes and doubles what a merge costs. */
  readonly listedEntries: number;
  /** Segments in one merged segment: a part of the trace ids can name all of them and stay an item. */
  readonly inputs: number;
}

export const MERGE_LIMITS: MergeLimits = {
  itemBytes: 396 * KIB,
  termPartBytes: 16 * KIB - 256,
  tracePartBytes: [6 * KIB, 16 * KIB],
  inputPartBytes: 128 * KIB,
  listedEntries: 8192,
  inputs: 8192,
};

/** Parts that hashes are cut into at most: so many that none could be meant, and few enough that ranges of hashes are exact. */
export const MAX_MERGED_PARTS = 2 ** 16;
