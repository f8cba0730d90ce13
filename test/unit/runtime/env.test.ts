import { expect, test } from "vitest";
import { indexerEnv, ingestEnv } from "../../../lib/runtime/env.ts";

test("an environment is read into plain values, and what is not ours is left out", () => {
  expect(ingestEnv({ STREAM_NAME: "spans", RETENTION_HOURS: "168", HOME: "/root" })).toEqual({
    CORS_ORIGINS: [],
    STREAM_NAME: "spans",
    RETENTION_HOURS: 168,
  });
});

test("an indexer may be told whose spans the stream brings, by a name that a tenant can have", () => {
  const env = {
    ...{ STREAM_NAME: "spans", TABLE_NAME: "t", QUARANTINE_BUCKET: "b", RETENTION_HOURS: "168", TIMEOUT_SECONDS: "1" },
    FOREIGN_TENANT: "acme",
  };
  expect(indexerEnv(env).FOREIGN_TENANT).toBe("acme");
  expect(indexerEnv({ ...env, FOREIGN_TENANT: undefined }).FOREIGN_TENANT).toBeUndefined();
  expect(() => indexerEnv({ ...env, FOREIGN_TENANT: "a#b" })).toThrow(/FOREIGN_TENANT = "a#b": expected 1 to 63 of/);
});

test("one fault names every variable that is missing or wrong, and its value", () => {
  const env = { STREAM_NAME: "spans", TABLE_NAME: "", RETENTION_HOURS: "a week", TIMEOUT_SECONDS: "0" };
  const fault = () => indexerEnv(env);
  expect(fault).toThrow(/TABLE_NAME = "": expected a name/);
  expect(fault).toThrow(/QUARANTINE_BUCKET = undefined: expected a name/);
  expect(fault).toThrow(/RETENTION_HOURS = "a week": expected a whole number above 0/);
  expect(fault).toThrow(/TIMEOUT_SECONDS = "0": expected a whole number above 0/);
});
