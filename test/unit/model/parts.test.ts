import { expect, test } from "vitest";
import { Parts } from "../../../lib/model/parts.ts";

test("the parts of a request are counted beside those of each of its spans", () => {
  const parts = new Parts();
  for (let span = 0; span < 80; span++) {
    parts.begin();
    for (let part = 0; part < 50_000; part++) parts.add();
  }
  expect(() => parts.add()).toThrow(
    "the request has more than 4000000 tags, log fields and references; send smaller batches",
  );
});

test("one span may not have what a request may", () => {
  const parts = new Parts();
  for (let part = 0; part < 65_536; part++) parts.add();
  expect(() => parts.add()).toThrow("a span or process has more than 65536 tags, log fields and references together");
});
