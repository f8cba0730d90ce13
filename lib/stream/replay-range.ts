import { invalid } from "../model/errors.ts";
import { whyUndecodable } from "./decode-alone.ts";
import type { RecordsPage, StreamReader, StreamRecord } from "./port.ts";
import { type ShardReaderOptions, shardReader } from "./reader.ts";
import { compareNumbers, isAfter } from "./sequence.ts";

/** A range of a shard's records, as the log of the indexer names it. */
export interface ShardRange {
  readonly shardId: string;
  /** Sequence numbers, both inclusive. */
  readonly first: string;
  readonly last: string;
}

export interface ReplayedRange {
  /** Records of the range that the stream still holds. */
  readonly held: number;
  /** Those that cannot be read; set aside, unless it was a dry run. */
  readonly unreadable: number;
  /** Records that were indexed, those set aside not left out; 0 when the same range had been replayed before. */
  readonly replayed: number;
}

/**
 * Reads a range from the stream again, what is left of it, and indexes it under an item of its own beside the shard's:
 * so the same range is indexed once, however often it is asked for, and whatever died meanwhile. What was in the table
 * before it was lost from it is not known: of ranges that overlap, or were indexed, calls and edges count again.
 * Throws invalid_argument where the shard's own reader has yet to come.
 */
export async function replayRange(
  range: ShardRange,
  options: ShardReaderOptions,
  isDry: boolean,
): Promise<ReplayedRange> {
  const { shardId, first, last } = range;
  if (compareNumbers(first, last) > 0) throw invalid(`range ${first} to ${last}: expected the smaller number first`);
  const { done, version } = await options.states.load(shardId);
  if (version > 0 && (done === undefined || isAfter(last, done)))
    throw invalid(`range to ${last}: shard ${shardId} is read up to ${done ?? "nothing"}, the rest is still to come`);
  const read = shardReader({
    ...options,
    reader: readerOf(options.reader, shardId),
    quarantine: ofShard(options, shardId),
  });
  const tally = { held: 0, unreadable: 0, replayed: 0 };
  for await (const records of pages(options, range)) {
    tally.held += records.length;
    tally.unreadable += records.filter((record) => whyUndecodable(options.indexer, record) !== undefined).length;
    if (isDry) continue;
    const { records: indexed } = await read(`replay/${shardId}/${first}-${last}`, records);
    tally.replayed += indexed;
  }
  return tally;
}

/** The records of the range that the stream still holds, a call's at a time. */
async function* pages(
  { reader, recordsPerCall }: ShardReaderOptions,
  { shardId, first, last }: ShardRange,
): AsyncGenerator<readonly StreamRecord[]> {
  let iterator: string | undefined = await reader.iterator(shardId, { at: first });
  let newest: string | undefined;
  while (iterator !== undefined) {
    const page: RecordsPage | undefined = await reader.records(iterator, recordsPerCall);
    if (page === undefined) {
      iterator = await reader.iterator(shardId, newest === undefined ? { at: first } : { after: newest });
      continue;
    }
    const within = page.records.filter((record) => !isAfter(record.sequenceNumber, last));
    if (within.length > 0) yield within;
    newest = within.at(-1)?.sequenceNumber ?? newest;
    if (within.length < page.records.length || newest === last) return;
    if (page.records.length === 0 && page.behindMillis === 0) return;
    iterator = page.next;
  }
}

/** Whatever the item is called, its records are that shard's. */
const readerOf = (reader: StreamReader, shardId: string): StreamReader => ({
  iterator: (_, position) => reader.iterator(shardId, position),
  records: (iterator, limit) => reader.records(iterator, limit),
});

const ofShard = ({ quarantine }: ShardReaderOptions, shardId: string): ShardReaderOptions["quarantine"] => ({
  keep: (_, record, reason) => quarantine.keep(shardId, record, reason),
});
