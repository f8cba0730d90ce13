import db, { type KinesisStore } from "kinesalite/db/index.js";
import { type Clock, MILLIS_PER_HOUR } from "../../lib/model/time.ts";

/** Keys deleted in one batch. */
const BATCH_KEYS = 1_000;

/**
 * Deletes every record of every stream that is older than its stream's retention, as Kinesis does. Keys alone say when
 * a record came, and stand in that order, so that nothing but what is deleted is read. Returns how many there were.
 */
export async function sweepStreams(store: KinesisStore, clock: Clock): Promise<number> {
  let swept = 0;
  for await (const name of store.metaDb.createKeyStream()) {
    const stream = await store.metaDb.get(String(name));
    const oldestMillis = clock() - stream.RetentionPeriodHours * MILLIS_PER_HOUR;
    for (let shard = 0; shard < stream.Shards.length; shard++)
      swept += await sweepShard(store.getStreamDb(String(name)), shard, oldestMillis);
  }
  return swept;
}

async function sweepShard(
  records: ReturnType<KinesisStore["getStreamDb"]>,
  shard: number,
  oldestMillis: number,
): Promise<number> {
  let swept = 0;
  let batch: { type: "del"; key: string }[] = [];
  const range = { gte: `${db.shardIxToHex(shard)}/`, lt: db.shardIxToHex(shard + 1) };
  for await (const item of records.createKeyStream(range)) {
    const key = String(item);
    const sequenceNumber = key.slice(key.indexOf("/") + 1);
    if (db.parseSequence(sequenceNumber).seqTime >= oldestMillis) break;
    batch.push({ type: "del", key });
    if (batch.length < BATCH_KEYS) continue;
    await records.batch(batch);
    swept += batch.length;
    batch = [];
  }
  if (batch.length > 0) await records.batch(batch);
  return swept + batch.length;
}
