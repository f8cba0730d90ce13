import { expect, test } from "vitest";
import { indexerEnv, ingestEnv } from "../../../lib/runtime/env.ts";

test("an environment is read into plain values, and what is not ours is left out", () => {
  expect(ingestEnv({ STREAM_NAME: "spans", RETENTION_HOURS: "168", HOME: "/root" })).toEqual({
    STREAM_NAME: "spans",
    RETENTION_HOURS: 168,
  });
});

test("one fault names every variable that is missing or wrong, and its value", () => {
  const env = { STREAM_NAME: "spans", TABLE_NAME: "", RETENTION_HOURS: "a week", TIMEOUT_SECONDS: "0" };
  const fault = () => indexerEnv(env);
  expect(fault).toThrow(/TABLE_NAME = "": expected a name/);
  expect(fault).toThrow(/QUARANTINE_BUCKET = undefined: expected a name/);
  expect(fault).toThrow(/RETENTION_HOURS = "a week": expected a whole number above 0/);
  expect(fault).toThrow(/TIMEOUT_SECONDS = "0": expected a whole number above 0/);
});
