import type { StreamRecord } from "../../lib/stream/port.ts";

/** What the event source mapping brings, as far as it is read here. */
export interface KinesisEvent {
  readonly Records: readonly {
    /** "shardId-000000000000:49545115243490985018280067714973144582180062593244200961" */
    readonly eventID: string;
    readonly kinesis: {
      readonly sequenceNumber: string;
      /** Base64. */
      readonly data: string;
      /** Seconds since the epoch, with milliseconds behind the point. */
      readonly approximateArrivalTimestamp: number;
    };
  }[];
}

/** The records of an event, by the shard they come from, in their order. */
export function recordsByShard({ Records }: KinesisEvent): Map<string, StreamRecord[]> {
  const byShard = new Map<string, StreamRecord[]>();
  for (const { eventID, kinesis } of Records) {
    const shardId = eventID.slice(0, eventID.indexOf(":"));
    const records = byShard.get(shardId) ?? [];
    byShard.set(shardId, records);
    records.push({
      sequenceNumber: kinesis.sequenceNumber,
      data: Buffer.from(kinesis.data, "base64"),
      arrivedMillis: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    });
  }
  return byShard;
}
