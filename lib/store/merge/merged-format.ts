export const MERGED_TERMS_VERSION = 1;
export const MERGED_TRACES_VERSION = 1;
export const INPUTS_VERSION = 1;
export const SUMMARY_VERSION = 1;

/** A part that lists its terms, or one that had more of them than an item takes and leaves every hash to its inputs. */
export const LISTED_PART = 0;
export const SATURATED_PART = 1;

/** How a term of a merged part leads on: the lower bits of its header. The rest is how many rows, or inputs. */
export const LISTED = 0;
export const ASK_ALL = 1;
export const ASK_LIST = 2;
export const ASK_BITMAP = 3;
export const KIND_MASK = 3;
export const HAS_SOURCES = 4;
export const COUNT_SCALE = 8;

/** A list of more than one input in eight takes more bytes than a bitmap of all of them. */
export const BITMAP_SHARE = 8;

/** Where an input's parts are. */
export const BODIES = ["inline", "bundled", "parts"] as const;
export const BODY_MASK = 3;
export const IS_LATE = 4;
