import { afterAll, describe } from "vitest";
import { dynaliteTable } from "../support/dynalite-table.ts";
import { memoryItems } from "../support/memory-items.ts";
import { traceStoreContract } from "./trace-store.contract.ts";

describe("the store over a map", () => traceStoreContract(async () => memoryItems()));

describe("the store over dynalite, through the real client", () => {
  const closers: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closers) await close();
  });
  traceStoreContract(async () => {
    const { items, close } = await dynaliteTable();
    closers.push(close);
    return items;
  });
});
