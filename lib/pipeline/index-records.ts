import { invalid, TracingError } from "../model/errors.ts";
import type { Batch, TraceWriter } from "../store/port.ts";
import type { Indexer, Refused, StreamRecord } from "../stream/port.ts";
import { decodeRecord } from "../stream/record.ts";

/** What a record holds. */
interface ReadBatch {
  readonly batch: Batch;
  /** Spans that are not in the batch, because ingest would not have taken them. */
  readonly refused?: Refused;
}

/** Throws invalid_argument when it never can be read. */
export type ReadRecord = (record: StreamRecord) => ReadBatch;

/** Records that our own ingest wrote: it has refused already what there was to refuse. */
const readOwn: ReadRecord = ({ data }) => ({ batch: decodeRecord(data) });

/**
 * Turns a plan's records into what the store holds.
 *
 * @param stream its name and creation time
 * @param read what the stream's records are; by default our own
 */
export function indexRecords(store: TraceWriter, stream: string, read: ReadRecord = readOwn): Indexer {
  return {
    check(record) {
      store.check(named(read, record).batch);
    },
    async index({ first, last, at, closed }, shardId, records) {
      const batches: Batch[] = [];
      let spans = 0;
      let message = "";
      for (const record of records) {
        const { batch, refused } = named(read, record);
        batches.push(batch);
        if (refused === undefined || refused.spans === 0) continue;
        if (spans === 0) message = `record ${record.sequenceNumber}: ${refused.message}`;
        spans += refused.spans;
      }
      const report = await store.write({ stream, shardId, first, last, at, closed }, batches);
      return { ...report, refused: { spans, message } };
    },
  };
}

/** Reads the record; what cannot be read says which it is. */
function named(read: ReadRecord, record: StreamRecord): ReadBatch {
  try {
    return read(record);
  } catch (error) {
    if (!(error instanceof TracingError)) throw error;
    throw invalid(`record ${record.sequenceNumber}: ${error.message}`);
  }
}
