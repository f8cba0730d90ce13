import { describe, expect, test } from "vitest";
import { queryApp } from "../../../lib/http/query.ts";
import { type Kept, keptTraces } from "../../support/kept-traces.ts";

const NOW = 1_764_000_000_000;
const EDGES = [
  { parent: "cart", child: "db", calls: 7 },
  { parent: "web", child: "cart", calls: 3 },
  { parent: "web", child: "web", calls: 1 },
];

function open(kept: Kept = {}) {
  const store = keptTraces({ dependencies: EDGES, ...kept });
  const app = queryApp({ store, clock: () => NOW, tenantOf: () => "acme", onFault: () => {} });
  return { asked: store.asked, get: (path: string) => app.request(`http://skua${path}`) };
}

describe("GET /api/dependencies", () => {
  test("answers calls in Jaeger's envelope, whose total stays 0", async () => {
    const { asked, get } = open();
    const answer = await get("/api/dependencies");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await answer.text()).toBe(
      '{"data":[{"parent":"cart","child":"db","callCount":7},{"parent":"web","child":"cart","callCount":3},' +
        '{"parent":"web","child":"web","callCount":1}],"total":0,"limit":0,"offset":0,"errors":null}',
    );
    expect([...asked.tenants]).toEqual(["acme"]);
  });

  test("no calls are an empty list, never null", async () => {
    expect(await (await open({ dependencies: [] }).get("/api/dependencies")).text()).toBe(
      '{"data":[],"total":0,"limit":0,"offset":0,"errors":null}',
    );
  });

  test.each([
    ["", [NOW - 86_400_000, NOW]],
    ["?endTs=&lookback=", [NOW - 86_400_000, NOW]],
    ["?endTs=1700000000000", [1_699_913_600_000, 1_700_000_000_000]],
    ["?endTs=1700000000000&lookback=604800000", [1_699_395_200_000, 1_700_000_000_000]],
    ["?lookback=3600000", [NOW - 3_600_000, NOW]],
  ])("both parameters are milliseconds and may be left out: %j", async (search, window) => {
    const { asked, get } = open();
    expect((await get(`/api/dependencies${search}`)).status).toBe(200);
    expect(asked.windows).toEqual([window]);
  });

  test("a service keeps the calls of which it is one end", async () => {
    const { data } = (await (await open().get("/api/dependencies?service=cart")).json()) as { data: unknown[] };
    expect(data).toEqual([
      { parent: "cart", child: "db", callCount: 7 },
      { parent: "web", child: "cart", callCount: 3 },
    ]);
  });

  test.each([
    ["endTs=now", "unable to parse param 'endTs': strconv.ParseInt: parsing \\\"now\\\": invalid syntax"],
    ["lookback=1h", "unable to parse param 'lookback': strconv.ParseInt: parsing \\\"1h\\\": invalid syntax"],
    [
      "endTs=99999999999999999999",
      "unable to parse param 'endTs': strconv.ParseInt: parsing \\\"99999999999999999999\\\": value out of range",
    ],
  ])("what cannot be read is the client's fault, in Jaeger's words: %s", async (search, message) => {
    const answer = await open().get(`/api/dependencies?${search}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([400, "text/plain; charset=utf-8"]);
    expect(await answer.text()).toBe(
      `{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"${message}"}]}\n`,
    );
  });

  test("an answer that lacks calls says so beside those that it has", async () => {
    const { data, errors } = (await (await open({ isComplete: false }).get("/api/dependencies")).json()) as {
      data: unknown[];
      errors: { msg: string }[];
    };
    expect(data).toHaveLength(3);
    expect(errors.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^the dependencies are incomplete: /)]);
  });
});
