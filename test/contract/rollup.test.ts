import { afterAll, describe } from "vitest";
import { dynaliteTable } from "../support/dynalite-table.ts";
import { memoryItems } from "../support/memory-items.ts";
import { rollupContract } from "./rollup.contract.ts";

describe("rollup over a map", () => rollupContract(async () => memoryItems()));

describe("rollup over dynalite, through the real client", () => {
  const closers: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closers) await close();
  });
  rollupContract(async () => {
    const { items, close } = await dynaliteTable();
    closers.push(close);
    return items;
  });
});
