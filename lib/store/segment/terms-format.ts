export const TERMS_VERSION = 1;

/** How a posting holds rows: the lower bits of its header. */
export const NO_ROWS = 0;
export const LISTED_ROWS = 1;
export const BITMAP_ROWS = 2;
export const ALL_ROWS = 3;
export const ROWS_MASK = 3;
export const HAS_SOURCES = 4;
export const HAS_PAGES = 8;
/** The rest of a header is the number of rows. */
export const COUNT_SCALE = 16;

/** A part that lists its terms, or one that had more of them than an item takes and answers every hash with everything. */
export const LISTED_PART = 0;
export const SATURATED_PART = 1;

/** A list of more than one row in eight takes more bytes than a bitmap of all rows. */
export const BITMAP_SHARE = 8;

export const bitmapBytes = (rows: number): number => Math.ceil(rows / 8);
