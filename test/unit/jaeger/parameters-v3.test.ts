import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { searchRequestV3, traceRequestV3 } from "../../../lib/jaeger/parameters-v3.ts";
import { parseRfc3339 } from "../../../lib/jaeger/rfc3339.ts";

const WINDOW = "query.startTimeMin=2023-11-14T22:13:20Z&query.startTimeMax=2023-11-14T23:13:20Z";
const parse = (text: string) => searchRequestV3(new URLSearchParams(text));
function query(text: string) {
  const request = parse(text);
  if (request.type !== "find") throw new Error("expected a search");
  return request.query;
}

describe("parameters of a search", () => {
  test("with times alone: all services, 100 traces, adjusted", () => {
    expect(parse(WINDOW)).toEqual({
      type: "find",
      isRaw: false,
      query: {
        service: undefined,
        operation: undefined,
        tags: [],
        startMinNanos: 1_700_000_000_000_000_000n,
        startMaxNanos: 1_700_003_600_000_000_000n,
        durationMinNanos: undefined,
        durationMaxNanos: undefined,
        limit: 100,
      },
    });
  });

  const ALL = {
    type: "find",
    isRaw: true,
    query: {
      service: "web",
      operation: "GET /",
      tags: [{ key: "http.status_code", value: "500" }],
      startMinNanos: 1_700_000_000_123_456_789n,
      startMaxNanos: 1_700_000_001_000_000_000n,
      durationMinNanos: 1_500_000n,
      durationMaxNanos: 9_900_000_000_000n,
      limit: 20,
    },
  };

  test.each([
    [
      "today",
      "query.serviceName=web&query.operationName=GET%20/&query.startTimeMin=2023-11-14T22:13:20.123456789Z&query.startTimeMax=2023-11-14T22:13:21.000Z&query.searchDepth=20&query.durationMin=1.5ms&query.durationMax=2h45m&query.rawTraces=T&query.attributes=%7B%22http.status_code%22%3A%22500%22%7D",
    ],
    [
      "before v2.19",
      "query.service_name=web&query.operation_name=GET%20/&query.start_time_min=2023-11-14T22:13:20.123456789Z&query.start_time_max=2023-11-14T22:13:21Z&query.search_depth=20&query.duration_min=1.5ms&query.duration_max=2h45m&query.raw_traces=1&query.attributes=%7B%22http.status_code%22%3A%22500%22%7D",
    ],
    [
      "before that, with an offset whose + is not escaped",
      'query.service_name=web&query.operation_name=GET%20/&query.start_time_min=2023-11-15T00:13:20.123456789+02:00&query.start_time_max=2023-11-14T16:43:21-05:30&query.num_traces=20&query.duration_min=1.5ms&query.duration_max=2h45m&query.raw_traces=true&query.attributes={"http.status_code":"500"}',
    ],
  ])("spelt as %s", (_, text) => {
    expect(parse(text)).toEqual(ALL);
  });

  test("the newest spelling wins, and one that is empty is not set", () => {
    const both = "query.num_traces=1&query.search_depth=2&query.searchDepth=3";
    expect(query(`${WINDOW}&${both}&query.service_name=old&query.serviceName=new`)).toMatchObject({
      limit: 3,
      service: "new",
    });
    expect(query(`${WINDOW}&query.searchDepth=&query.search_depth=2&query.serviceName=`)).toMatchObject({
      limit: 2,
      service: undefined,
    });
  });

  test("a window beyond what can be stored ends where that ends", () => {
    const wide = "query.startTimeMin=0001-01-01T00:00:00Z&query.startTimeMax=9999-12-31T23:59:59Z";
    expect(query(wide)).toMatchObject({ startMinNanos: 0n, startMaxNanos: 2n ** 64n - 1n });
  });

  test.each([
    ["", "query.startTimeMin and query.startTimeMax are required"],
    ["query.startTimeMin=2023-11-14T22:13:20Z", "query.startTimeMin and query.startTimeMax are required"],
    [
      "query.startTimeMin=2023-11-14T22:13:20Z&query.startTimeMax=2023-11-14T22:13:20Z",
      "query.startTimeMin must be before query.startTimeMax",
    ],
    ["query.startTimeMin=yesterday", /^malformed parameter query.startTimeMin: parsing time "yesterday": /],
    ["query.start_time_max=1700000000", /^malformed parameter query.start_time_max: parsing time /],
    [`${WINDOW}&query.searchDepth=many`, /^malformed parameter query.searchDepth: strconv.ParseInt: /],
    [`${WINDOW}&query.num_traces=10001`, /^malformed parameter query.num_traces: .* at most 10000 /],
    [`${WINDOW}&query.durationMin=5`, 'malformed parameter query.durationMin: time: invalid duration "5"'],
    [`${WINDOW}&query.duration_max=1x`, 'malformed parameter query.duration_max: time: invalid duration "1x"'],
    [`${WINDOW}&query.rawTraces=maybe`, /^malformed parameter query.rawTraces: strconv.ParseBool: /],
    [
      `${WINDOW}&query.attributes=[]`,
      "malformed parameter query.attributes: cannot unmarshal JSON: expected an object of strings",
    ],
    [`${WINDOW}&query.attributes={"a":1}`, /^malformed parameter query.attributes: .* "a" is 1, expected a string$/],
    [`${WINDOW}&query.filter={}`, "malformed parameter query.filter: structured filters are not supported"],
  ])("%s is refused by name", (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});

describe("parameters of a trace", () => {
  const ask = (id: string, text: string) => traceRequestV3(id, new URLSearchParams(text));

  test.each([
    "startTime=2023-11-14T22:13:20Z&endTime=2023-11-14T22:13:21Z&rawTraces=true",
    "start_time=2023-11-14T22:13:20Z&end_time=2023-11-14T22:13:21Z&raw_traces=true",
  ])("%s says where it lies", (text) => {
    expect(ask("5B8AA5A2D2C872E8", text)).toEqual({
      type: "get",
      ids: ["00000000000000005b8aa5a2d2c872e8"],
      hint: { startNanos: 1_700_000_000_000_000_000n, endNanos: 1_700_000_001_000_000_000n },
      isRaw: true,
    });
  });

  test("none are needed; what cannot be read is refused by name", () => {
    expect(ask("1", "")).toMatchObject({ hint: { startNanos: undefined, endNanos: undefined }, isRaw: false });
    expect(() => ask("xyz", "")).toThrow(/^malformed parameter trace_id: /);
    expect(() => ask("1", "start_time=1")).toThrow(/^malformed parameter start_time: /);
  });
});

describe("times", () => {
  test.each([
    ["1970-01-01T00:00:00Z", 0n],
    ["1970-01-01T00:00:00.000000001Z", 1n],
    ["1970-01-01t00:00:01.5z", 1_500_000_000n],
    ["1970-01-01T01:00:00+01:00", 0n],
    ["1970-01-01T01:00:00 01:00", 0n],
    ["1969-12-31T23:59:59-00:30", 1_799_000_000_000n],
    ["1969-12-31T23:59:59.999999999Z", -1n],
    ["2024-02-29T12:00:00.1234567899Z", 1_709_208_000_123_456_789n],
  ])("%s", (text, nanos) => {
    expect(parseRfc3339(text)).toBe(nanos);
  });

  test.each([
    "2023-02-29T00:00:00Z",
    "2023-13-01T00:00:00Z",
    "2023-01-01T24:00:00Z",
    "2023-01-01T00:00:60Z",
    "2023-01-01T00:00:00",
    "2023-01-01 00:00:00Z",
    "2023-01-01T00:00:00.Z",
    "2023-01-01T00:00:00+24:00",
    "2023-01-01T00:00Z",
    "23-01-01T00:00:00Z",
    " 2023-01-01T00:00:00Z",
    "2023-01-01T00:00:00Z\n",
  ])("%s is none", (text) => {
    expect(() => parseRfc3339(text)).toThrow(/expected RFC 3339/);
  });

  test("keep every nanosecond at every offset", () => {
    const minutes = fc.integer({ min: -1439, max: 1439 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), minutes, fc.boolean(), (nanos, offset, isSpace) => {
        const two = (value: number) => String(value).padStart(2, "0");
        const local = new Date(Number(nanos / 1_000_000_000n) * 1000 + offset * 60_000).toISOString().slice(0, 19);
        const away = Math.abs(offset);
        const zone = `${offset < 0 ? "-" : isSpace ? " " : "+"}${two(Math.trunc(away / 60))}:${two(away % 60)}`;
        const fraction = String(nanos % 1_000_000_000n).padStart(9, "0");
        expect(parseRfc3339(`${local}.${fraction}${zone}`)).toBe(nanos);
      }),
    );
  });
});
