import { invalid, TracingError } from "../model/errors.ts";
import type { Batch, TraceWriter } from "../store/port.ts";
import type { Indexer, StreamRecord } from "../stream/port.ts";
import { decodeRecord } from "../stream/record.ts";

/** Turns a plan's records into what the store holds. @param stream its name and creation time */
export function indexRecords(store: TraceWriter, stream: string): Indexer {
  return {
    check(record) {
      store.check(batchOf(record));
    },
    async index({ first, last, at, closed }, shardId, records) {
      return store.write({ stream, shardId, first, last, at, closed }, records.map(batchOf));
    },
  };
}

function batchOf({ sequenceNumber, data }: StreamRecord): Batch {
  try {
    return decodeRecord(data);
  } catch (error) {
    if (!(error instanceof TracingError)) throw error;
    throw invalid(`record ${sequenceNumber}: ${error.message}`);
  }
}
