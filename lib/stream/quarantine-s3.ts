import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { TracingError } from "../model/errors.ts";
import { type KeptNote, writeNote } from "./kept-records.ts";
import type { Quarantine } from "./port.ts";

/** The one place where an S3 client is made. */
export const s3Client = (): S3Client => new S3Client({});

type Named = Pick<KeptNote, "shardId" | "sequenceNumber">;

/** Where a record's note stands; `prefix` tells the records of one stream from another's. */
export const noteKey = (prefix: string, { shardId, sequenceNumber }: Named): string =>
  `${prefix}${shardId}/${sequenceNumber}.json`;

/** Where the record itself stands. */
export const recordKey = (prefix: string, { shardId, sequenceNumber }: Named): string =>
  `${prefix}${shardId}/${sequenceNumber}.record`;

/**
 * Two objects a record, named by shard and number: the record as the stream held it, and why it was set aside.
 *
 * @param prefix tells the records of one stream from another's, whose shards have the same names
 */
export function quarantineBucket(client: S3Client, bucket: string, prefix = ""): Quarantine {
  const put = async (key: string, body: Uint8Array | string): Promise<void> => {
    try {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    } catch (cause) {
      // The record is still in the stream: whatever the reason, it is tried again.
      throw new TracingError("unavailable", `quarantine object ${key} is not written`, { cause });
    }
  };
  return {
    async keep(shardId, { sequenceNumber, data, arrivedMillis }, reason) {
      const note = { shardId, sequenceNumber, arrivedMillis, reason };
      await put(recordKey(prefix, note), data);
      await put(noteKey(prefix, note), writeNote(note));
    },
  };
}
