import { createHash } from "node:crypto";
import protobuf from "protobufjs";

/** The messages of the Kinesis Producer Library's "Aggregated Record Format", for protobufjs to write. */
const { root } = protobuf.parse(
  `syntax = "proto2";
  message AggregatedRecord {
    repeated string partition_key_table = 1;
    repeated string explicit_hash_key_table = 2;
    repeated Record records = 3;
  }
  message Tag { required string key = 1; optional string value = 2; }
  message Record {
    required uint64 partition_key_index = 1;
    optional uint64 explicit_hash_key_index = 2;
    required bytes data = 3;
    repeated Tag tags = 4;
  }`,
  { keepCase: true },
);
const AggregatedRecord = root.lookupType("AggregatedRecord");

/** One record of several, with every field that a producer may write. */
export function aggregated(records: readonly Uint8Array[]): Buffer {
  const body = AggregatedRecord.encode(
    AggregatedRecord.fromObject({
      partition_key_table: ["a key", "another"],
      explicit_hash_key_table: ["340282366920938463463374607431768211455"],
      records: records.map((data, i) => ({
        partition_key_index: i % 2,
        ...(i % 3 === 0 ? { explicit_hash_key_index: 0 } : {}),
        data: Buffer.from(data),
        tags: i % 4 === 0 ? [{ key: "k", value: "v" }] : [],
      })),
    }),
  ).finish();
  return sealed(body);
}

/** Whatever it is, between the magic number and its MD5. */
export const sealed = (body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from("f3899ac2", "hex"), body, createHash("md5").update(body).digest()]);
