/** Sizes in bytes; each can be handed in smaller, so that a test can reach it. */
export interface SegmentLimits {
  /** One item's body: DynamoDB's 400 KB less what key and attribute names need. */
  readonly itemBytes: number;
  /** A whole head, its inline body included: four write units. */
  readonly headBytes: number;
  /** All parts of a small segment as one item: larger ones lose nothing to rounding as items of their own. */
  readonly bundleBytes: number;
  /** A page before compression. */
  readonly pageBytes: number;
  /** A part of the terms; 4 KB lose 15 % to rounding, and a lookup reads all of one. */
  readonly termPartBytes: number;
}

const KIB = 1024;

export const SEGMENT_LIMITS: SegmentLimits = {
  itemBytes: 396 * KIB,
  headBytes: 4 * KIB - 256,
  bundleBytes: 100 * KIB - 256,
  pageBytes: 256 * KIB,
  termPartBytes: 8 * KIB - 256,
};

/** Rows in a block: the smallest run that can be ruled out by time or duration. */
export const BLOCK_ROWS = 1024;

/** Rows in a part: a few blocks, so that rounding up to a write unit costs little and a search for the newest reads little. */
export const PART_ROWS = 4 * BLOCK_ROWS;

/** The part of the rows that holds a row. */
export const rowPart = (row: number): number => Math.floor(row / PART_ROWS);

/** An attribute is two terms, its key and its key with its value. A span with more is found too, but every search for a tag has to look at it; heads count such spans. */
export const MAX_SPAN_TERMS = 128;

/** Sources are few, and labels of a Kubernetes workload many. */
export const MAX_SOURCE_TERMS = 1024;
