import type { RecordsPage, StreamReader, StreamRecord } from "./port.ts";
import { compareNumbers, isAfter } from "./sequence.ts";

/** Decompressed. What half of the smallest function's memory takes with everything that is made of it. */
const MAX_PLAN_BYTES = 32 * 1024 * 1024;
/**
 * What a shard takes in a window of five seconds. The shard's item names every record that was set aside, 59 bytes each,
 * and an item is at most 400 KiB: a plan of which nothing can be read must fit, or the shard stands still.
 */
const MAX_PLAN_RECORDS = 5_000;

/** By number, each once: a batch may bring a record again. */
export function inOrder(records: readonly StreamRecord[]): readonly StreamRecord[] {
  const sorted = [...records].sort((a, b) => compareNumbers(a.sequenceNumber, b.sequenceNumber));
  return sorted.filter((record, i) => record.sequenceNumber !== sorted[i - 1]?.sequenceNumber);
}

/** What a record's data may become, decompressed, at most; found without decompressing it. Throws when it never can be read. */
export type SizeOf = (data: Uint8Array) => number;

/** As many of the records as one plan takes, by number and by what they may become; nothing is decoded. At least one. */
export function fitPlan(records: readonly StreamRecord[], sizeOf: SizeOf): readonly StreamRecord[] {
  let bytes = 0;
  const end = records.findIndex(({ data }, i) => {
    bytes += expectedSize(data, sizeOf);
    return i > 0 && (bytes > MAX_PLAN_BYTES || i === MAX_PLAN_RECORDS);
  });
  return end < 0 ? records : records.slice(0, end);
}

/** A record that declares nothing will not be inflated either. */
function expectedSize(data: Uint8Array, sizeOf: SizeOf): number {
  try {
    return sizeOf(data);
  } catch {
    return data.length;
  }
}

interface Range {
  readonly first: string;
  readonly last: string;
}

/** Those of the delivered records that lie in the range, if they are all of it: what a shard delivers has no gaps. */
export function deliveredIn(
  records: readonly StreamRecord[],
  { first, last }: Range,
): readonly StreamRecord[] | undefined {
  const start = records.findIndex((record) => record.sequenceNumber === first);
  const end = records.findIndex((record) => record.sequenceNumber === last);
  return start < 0 || end < 0 ? undefined : records.slice(start, end + 1);
}

/** The range, read from the stream again; undefined when the stream no longer holds all of it. */
export async function readRange(
  reader: StreamReader,
  shardId: string,
  { first, last }: Range,
  recordsPerCall: number,
): Promise<readonly StreamRecord[] | undefined> {
  const found: StreamRecord[] = [];
  let iterator: string | undefined = await reader.iterator(shardId, { at: first });
  while (iterator !== undefined) {
    const page: RecordsPage | undefined = await reader.records(iterator, recordsPerCall);
    if (page === undefined) {
      const newest = found.at(-1)?.sequenceNumber;
      iterator = await reader.iterator(shardId, newest === undefined ? { at: first } : { after: newest });
      continue;
    }
    for (const record of page.records) {
      if (isAfter(record.sequenceNumber, last)) return undefined;
      found.push(record);
      if (found[0]?.sequenceNumber !== first) return undefined;
      if (record.sequenceNumber === last) return found;
    }
    if (page.records.length === 0 && page.behindMillis === 0) return undefined; // the newest record came before `last`
    iterator = page.next;
  }
  return undefined;
}
