import { describe, expect, test } from "vitest";
import { ingestApp } from "../../../lib/http/ingest.ts";

const app = ingestApp({
  ingest: async () => ({ acceptedSpans: 0, rejectedSpans: 0, message: "" }),
  tenantOf: () => "acme",
  onFault: () => undefined,
  corsOrigins: ["http://localhost:*", "https://*.shop.example", "https://exact.example"],
});

const preflight = (origin: string) =>
  app.request("/v1/traces", {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "content-type,authorization,x-custom",
    },
  });

const allowed = (answer: Response) => answer.headers.get("access-control-allow-origin");

describe("a browser", () => {
  test.each(["http://localhost:5173", "https://www.shop.example", "https://exact.example"])(
    "on a page of %s may send spans, with the headers it asks for",
    async (origin) => {
      const answer = await preflight(origin);
      expect([answer.status, allowed(answer)]).toEqual([204, origin]);
      expect(answer.headers.get("access-control-allow-methods")).toContain("POST");
      expect(answer.headers.get("access-control-allow-headers")).toBe("content-type,authorization,x-custom");
      expect(answer.headers.get("access-control-max-age")).toBe("7200");
      const sent = await app.request("/v1/traces", {
        method: "POST",
        headers: { Origin: origin, "Content-Type": "application/json" },
        body: "{}",
      });
      expect([sent.status, allowed(sent)]).toEqual([200, origin]);
      expect(sent.headers.get("access-control-expose-headers")).toContain("grpc-status");
    },
  );

  test.each([
    "https://localhost:5173",
    "http://localhost:5173.evil.example",
    "http://localhost",
    "https://a.b.shop.example",
    "https://shop.example",
    "https://exact.example:8443",
    "https://exactXexample",
    "null",
  ])("on a page of %s may not", async (origin) => {
    expect(allowed(await preflight(origin))).toBeNull();
  });
});
