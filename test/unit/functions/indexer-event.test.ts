import { expect, test } from "vitest";
import { recordsByShard } from "../../../functions/indexer/event.ts";

const aRecord = (shardId: string, sequenceNumber: string, data: string) => ({
  eventID: `${shardId}:${sequenceNumber}`,
  kinesis: { sequenceNumber, data, approximateArrivalTimestamp: 1_795_355_226.344 },
});

test("records of an event keep their bytes, their number and their order within their shard", () => {
  const event = {
    Records: [
      aRecord("shardId-000000000001", "4954511524349098501828006771", "AP8B"),
      aRecord("shardId-000000000002", "7", ""),
      aRecord("shardId-000000000001", "4954511524349098501828006772", "Ag=="),
    ],
  };
  const plain = [...recordsByShard(event)].map(([shardId, records]) => [
    shardId,
    records.map(({ data, ...rest }) => ({ ...rest, data: [...data] })),
  ]);
  const arrivedMillis = 1_795_355_226_344;
  expect(plain).toEqual([
    [
      "shardId-000000000001",
      [
        { sequenceNumber: "4954511524349098501828006771", data: [0, 255, 1], arrivedMillis },
        { sequenceNumber: "4954511524349098501828006772", data: [2], arrivedMillis },
      ],
    ],
    ["shardId-000000000002", [{ sequenceNumber: "7", data: [], arrivedMillis }]],
  ]);
});
