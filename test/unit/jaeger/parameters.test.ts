import { describe, expect, test } from "vitest";
import { searchRequest, timeHint } from "../../../lib/jaeger/parameters.ts";

const NOW = 1_700_000_000_000;
const parse = (query: string) => searchRequest(new URLSearchParams(query), () => NOW);
function query(text: string) {
  const request = parse(text);
  if (request.type !== "find") throw new Error("expected a search");
  return request.query;
}

describe("parameters of a search", () => {
  test("without any: all services, the last 48 hours, 100 traces, adjusted", () => {
    expect(parse("")).toEqual({
      type: "find",
      isRaw: false,
      query: {
        service: undefined,
        operation: undefined,
        tags: [],
        startMinNanos: 1_699_827_200_000_999_999n,
        startMaxNanos: 1_700_000_000_000_999_999n,
        durationMinNanos: undefined,
        durationMaxNanos: undefined,
        limit: 100,
      },
    });
  });

  test("all of them, as the UI sends them", () => {
    const text =
      "service=web&operation=GET%20%2F&start=1699999000000001&end=1699999500000002&lookback=custom&minDuration=1.5ms&maxDuration=2h45m&limit=20&raw=T&tag=a:b:c&tags=%7B%22http.status_code%22%3A%22500%22%7D";
    expect(parse(text)).toEqual({
      type: "find",
      isRaw: true,
      query: {
        service: "web",
        operation: "GET /",
        tags: [
          { key: "a", value: "b:c" },
          { key: "http.status_code", value: "500" },
        ],
        startMinNanos: 1_699_999_000_000_001_000n,
        startMaxNanos: 1_699_999_500_000_002_999n,
        durationMinNanos: 1_500_000n,
        durationMaxNanos: 9_900_000_000_000n,
        limit: 20,
      },
    });
  });

  test("tags win over tag, the last of a key wins, and a key may be __proto__", () => {
    const tags = query(
      `tag=a:1&tag=a:2&tag=b:&tags=${encodeURIComponent('{"b":"3","__proto__":"x"}')}&tags={"c":"4"}`,
    ).tags;
    expect(tags.map(({ key, value }) => `${key}=${value}`)).toEqual(["a=2", "b=3", "__proto__=x", "c=4"]);
  });

  test("a window that only has an end is the 48 hours before it", () => {
    const { startMinNanos, startMaxNanos } = query("end=1600000000000000");
    expect(startMaxNanos - startMinNanos).toBe(172_800_000_000_000n);
    expect(query("end=4100000000000000").startMinNanos).toBe(query("").startMinNanos);
  });

  test("times outside of what can be stored are brought inside", () => {
    expect(query("start=-5&end=9223372036854775807")).toMatchObject({
      startMinNanos: 0n,
      startMaxNanos: 2n ** 64n - 1n,
    });
  });

  test("a limit of nothing is the default, one beyond what can be answered is refused", () => {
    expect([query("limit=0").limit, query("limit=-3").limit, query("limit=").limit]).toEqual([100, 100, 100]);
    expect(query("limit=10000").limit).toBe(10_000);
    expect(() => parse("limit=10001")).toThrow("unable to parse param 'limit': 10001: expected at most 10000 traces");
  });

  test("trace ids turn it into a fetch of these traces, each once, near the times given", () => {
    expect(
      parse("traceID=AB&traceID=00ab&traceID=0af7651916cd43dd8448eb211c80319c&start=1700000000000000&raw=1"),
    ).toEqual({
      type: "get",
      ids: ["000000000000000000000000000000ab", "0af7651916cd43dd8448eb211c80319c"],
      hint: { startNanos: 1_700_000_000_000_000_000n, endNanos: undefined },
      isRaw: true,
    });
  });

  test("more trace ids than one request may fetch are refused, each counting once", () => {
    const ids = (count: number) => Array.from({ length: count }, (_, i) => `traceID=${i + 1}`).join("&");
    expect(parse(`${ids(500)}&traceID=1`)).toMatchObject({ type: "get" });
    expect(() => parse(ids(501))).toThrow("parameter 'traceID': 501 ids, expected at most 500");
  });

  test.each([
    ["tag=nocolon", "malformed 'tag' parameter, expecting key:value, received: nocolon"],
    ["tags={", /^malformed 'tags' parameter, cannot unmarshal JSON: /],
    ["tags=[]", "malformed 'tags' parameter, cannot unmarshal JSON: expected an object of strings"],
    ['tags={"a":1}', `malformed 'tags' parameter, cannot unmarshal JSON: "a" is 1, expected a string`],
    ["start=yesterday", `unable to parse param 'start': strconv.ParseInt: parsing "yesterday": invalid syntax`],
    ["end=1.5", `unable to parse param 'end': strconv.ParseInt: parsing "1.5": invalid syntax`],
    ["end=9223372036854775808", /'end': .* value out of range$/],
    ["start=2&end=1", "'end' should not be before 'start'"],
    ["limit=2147483648", `unable to parse param 'limit': strconv.ParseInt: parsing "2147483648": value out of range`],
    ["minDuration=5", `unable to parse param 'minDuration': time: invalid duration "5"`],
    ["maxDuration=abc", /^unable to parse param 'maxDuration': /],
    ["minDuration=2s&maxDuration=1s", "'maxDuration' should be greater than 'minDuration'"],
    ["raw=yes", `unable to parse param 'raw': strconv.ParseBool: parsing "yes": invalid syntax`],
    [`traceID=${"a".repeat(33)}`, "unable to parse param 'traceID': TraceID cannot be longer than 32 hex characters"],
  ])("%s is refused", (text, message) => {
    expect(() => parse(text.replace(/tags=(.*)/, (_, json: string) => `tags=${encodeURIComponent(json)}`))).toThrow(
      message,
    );
  });

  test("equal bounds of a duration are a duration", () => {
    expect(query("minDuration=1s&maxDuration=1s")).toMatchObject({
      durationMinNanos: 10n ** 9n,
      durationMaxNanos: 10n ** 9n,
    });
  });
});

describe("a hint where a trace lies", () => {
  test("holds whole microseconds, and reads Grafana's milliseconds as such", () => {
    const hint = (text: string) => timeHint(new URLSearchParams(text));
    const micros = hint("start=1700000000000000&end=1700000000000001");
    expect(micros).toEqual({ startNanos: 1_700_000_000_000_000_000n, endNanos: 1_700_000_000_000_001_999n });
    expect(hint("start=1700000000000").startNanos).toBe(micros.startNanos);
    expect(hint("end=")).toEqual({ startNanos: undefined, endNanos: undefined });
  });
});
