import { expect, test } from "vitest";
import { measuredWriter } from "../../../lib/stream/measured-writer.ts";
import { memoryStream } from "../../support/memory-stream.ts";

const entries = [1n, 2n, 3n].map((place) => ({ place, data: new Uint8Array([1]) }));

function world() {
  const stream = memoryStream({ shards: 1 });
  let retries = 0;
  const writer = measuredWriter(stream, (_, value) => {
    retries += value;
  });
  return { stream, writer, retries: () => retries };
}

test("counts the records of an attempt that the stream did not take, and hands on what it said", async () => {
  const { stream, writer, retries } = world();
  stream.refuse = ({ place }) => (place === 2n ? "throttled" : undefined);
  expect((await writer.put(entries)).map(({ ok }) => ok)).toEqual([true, false, true]);
  expect(retries()).toBe(1);
  stream.refuse = () => undefined;
  await writer.put(entries);
  expect(retries()).toBe(1);
});

test("counts all of an attempt that failed as a whole", async () => {
  const { retries, stream } = world();
  const failing = measuredWriter(
    {
      ...stream,
      put: async () => {
        throw new Error("the stream is away");
      },
    },
    (_, value) => expect(value).toBe(3),
  );
  await expect(failing.put(entries)).rejects.toThrow("away");
  expect(retries()).toBe(0);
});
