import { readText } from "../../lib/rpc/read-text.ts";
import { readAccess } from "../../lib/runtime/read-access.ts";
import { readStrategies } from "../../lib/sampling/strategies.ts";
import type { Random } from "../data/random.ts";

/** What is read beside spans: it is refused as invalid_argument, or read. */
const PLAIN = {
  "strategies file, json": (body: Buffer) => readStrategies(body.toString(), "the file"),
  "access file, json": (body: Buffer) => readAccess(body.toString(), "the file"),
  // Those that ask how to sample, and for health, hold one text.
  "gRPC request for a service": (body: Buffer) => readText(body, 1),
};

export type PlainDoor = keyof typeof PLAIN;

export const isPlain = (door: string): door is PlainDoor => door in PLAIN;

export const PLAIN_DOORS = Object.keys(PLAIN).filter(isPlain);

export const readPlain = (door: PlainDoor, body: Buffer): unknown => PLAIN[door](body);

const strategy = { type: "probabilistic", param: 0.5 };
const operations = [{ operation: "GET /cart", ...strategy }];
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

export const plainSeeds = (random: Random): Record<PlainDoor, Buffer[]> => ({
  "strategies file, json": [
    json({
      default_strategy: { ...strategy, operation_strategies: operations },
      service_strategies: [
        { service: "cart", type: "ratelimiting", param: 7 },
        { service: "pay", type: "const", param: 0, operation_strategies: operations },
      ],
    }),
  ],
  "access file, json": [
    json({
      firstToken: random.hex(32),
      tokens: [{ sha256: random.hex(32), tenant: "acme", scopes: ["ingest", "query"], note: "a" }],
      principals: [{ principal: "arn:aws:iam::1:role/agents*", tenant: "acme", scopes: ["ingest"] }],
      limits: [{ tenant: "acme", spansPerSecond: 10, bytesPerSecond: 1e6, maxRequestBytes: 9, maxAttributes: 4 }],
    }),
  ],
  "gRPC request for a service": ["", "0a03782e59", "12010a0a0463617274", "0a04636172741801"].map((hex) =>
    Buffer.from(hex, "hex"),
  ),
});
