import { expect, test } from "vitest";
import { reasonOf } from "../../../functions/server/reason.ts";

const coded = (message: string, code: string) => Object.assign(new Error(message), { code });

test.each<[string, unknown, string]>([
  ["an error says its message", new Error("no"), "no"],
  ["several lines become one", new Error("no\n  way"), "no way"],
  ["a code is added", coded("no", "EIO"), "no (EIO)"],
  ["a code that the message has is not repeated", coded("EIO: no", "EIO"), "EIO: no"],
  ["an error without a message says its code", coded("", "ECONNREFUSED"), "ECONNREFUSED"],
  ["causes follow", new Error("not open", { cause: coded("disk full", "ENOSPC") }), "not open: disk full (ENOSPC)"],
  ["a cause that the message has is not repeated", new Error("a: b", { cause: new Error("b") }), "a: b"],
  ["an object that looks like an error is read as one", { type: "OpenError", message: "IO error: x" }, "IO error: x"],
  ["a text is its own reason", "no", "no"],
  ["nothing is no reason", undefined, "for an unknown reason"],
  ["an empty object is no reason", {}, "for an unknown reason"],
])("%s", (_law, error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});

test("causes that go round end", () => {
  const error = new Error("round");
  error.cause = error;
  expect(reasonOf(error)).toBe("round");
});
