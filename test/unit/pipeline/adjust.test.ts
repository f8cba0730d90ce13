import { describe, expect, test } from "vitest";
import type { Span, Trace } from "../../../lib/model/span.ts";
import { ADJUST_DEFAULTS, adjustTrace } from "../../../lib/pipeline/adjust.ts";
import { adjustClockSkew } from "../../../lib/pipeline/adjust-clock-skew.ts";
import { dropDuplicates } from "../../../lib/pipeline/adjust-duplicates.ts";
import { dropEmptyLinks } from "../../../lib/pipeline/adjust-empty-links.ts";
import { writeIpAddresses } from "../../../lib/pipeline/adjust-ip-addresses.ts";
import { moveLibraryAttributes } from "../../../lib/pipeline/adjust-library-attributes.ts";
import { breakParentCycles } from "../../../lib/pipeline/adjust-parent-cycles.ts";
import { splitSharedIds } from "../../../lib/pipeline/adjust-shared-ids.ts";
import { sortAttributes } from "../../../lib/pipeline/adjust-sort.ts";
import { aLink, aResource, aSpan, aTrace, attributes, idOf } from "../../support/a-trace.ts";

const START = 1_700_000_000_000_000_000n;
const at = (startMillis: number, lengthMillis: number) => ({
  startNanos: START + BigInt(startMillis) * 1_000_000n,
  endNanos: START + BigInt(startMillis + lengthMillis) * 1_000_000n,
});
const CLIENT = 3;
const SERVER = 2;
const spanNamed = (trace: Trace, name: string): Span => {
  const found = trace.spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name}`);
  return found;
};

describe("both ends of a call under one id", () => {
  const client = aSpan({ spanId: idOf("a"), name: "client", kind: CLIENT, parentSpanId: idOf("f") });
  const server = aSpan({ spanId: idOf("a"), name: "server", kind: SERVER, parentSpanId: idOf("f") });
  const child = aSpan({ spanId: idOf("b"), name: "child", parentSpanId: idOf("a") });

  test("become parent and child, and what the server did hangs under the server", () => {
    const split = splitSharedIds(aTrace(server, client, child));
    expect(spanNamed(split, "client")).toEqual(client);
    expect(spanNamed(split, "server")).toMatchObject({ spanId: idOf("1"), parentSpanId: idOf("a") });
    expect(spanNamed(split, "child").parentSpanId).toBe(idOf("1"));
  });

  test("of several servers each gets an id, and children hang under the first", () => {
    const split = splitSharedIds(aTrace(client, server, { ...server, name: "other server" }, child));
    expect(spanNamed(split, "other server")).toMatchObject({ spanId: idOf("2"), parentSpanId: idOf("a") });
    expect(spanNamed(split, "child").parentSpanId).toBe(idOf("1"));
  });

  test("new ids pass over those that the trace has", () => {
    const taken = aSpan({ spanId: idOf("1"), name: "taken" });
    expect(spanNamed(splitSharedIds(aTrace(taken, client, server)), "server").spanId).toBe(idOf("2"));
  });

  test("a server's span without a client's beside it keeps its id", () => {
    const trace = aTrace(server, child);
    expect(splitSharedIds(trace)).toBe(trace);
  });
});

describe("clocks of different hosts", () => {
  const left = aResource("left", { "host.name": "left" });
  const right = aResource("right", { "host.name": "right" });
  const parent = aSpan({ spanId: idOf("1"), name: "parent", resource: left, ...at(0, 10) });
  const child = (more: Partial<Span>) =>
    aSpan({ spanId: idOf("2"), name: "child", parentSpanId: idOf("1"), resource: right, ...more });
  const below = aSpan({ spanId: idOf("3"), name: "below", parentSpanId: idOf("2"), resource: right, ...at(22, 1) });
  const HOUR = 3_600_000_000_000n;

  test("a child outside its parent is centred in it, with its events and all below it on that host", () => {
    const event = { timeNanos: START + 21_000_000n, name: "e", attributes: [], droppedAttributesCount: 0 };
    const moved = adjustClockSkew(aTrace(below, child({ ...at(20, 8), events: [event] }), parent), HOUR);
    expect(spanNamed(moved, "child")).toMatchObject(at(1, 8));
    expect(spanNamed(moved, "child").events[0]?.timeNanos).toBe(START + 2_000_000n);
    expect(spanNamed(moved, "child").warnings).toEqual(["This span's timestamps were adjusted by -19ms"]);
    expect(spanNamed(moved, "below")).toMatchObject(at(3, 1));
    expect(spanNamed(moved, "parent")).toEqual(parent);
  });

  test("with a limit of 0 nothing moves and the difference is told; beyond another limit likewise", () => {
    const trace = aTrace(parent, child(at(20, 8)));
    const told = spanNamed(adjustClockSkew(trace, 0n), "child");
    expect(told).toMatchObject(at(20, 8));
    expect(told.warnings).toEqual(["clock skew adjustment disabled; not applying calculated delta of -19ms"]);
    expect(spanNamed(adjustClockSkew(trace, 5_000_000n), "child").warnings).toEqual([
      "max clock skew adjustment delta of 5ms exceeded; not applying calculated delta of -19ms",
    ]);
    expect(spanNamed(adjustClockSkew(trace, 19_000_000n), "child")).toMatchObject(at(1, 8));
  });

  test.each([
    ["inside its parent", at(1, 8), at(1, 8)],
    ["longer than its parent, starting later", at(5, 20), at(5, 20)],
    ["longer than its parent, starting earlier", at(-5, 20), at(0, 20)],
    ["before its parent", at(-30, 4), at(3, 4)],
  ])("a child %s", (_case, before, after) => {
    expect(spanNamed(adjustClockSkew(aTrace(parent, child(before)), HOUR), "child")).toMatchObject(after);
  });

  test("the same host is trusted; an unknown one is not", () => {
    const same = adjustClockSkew(aTrace(parent, child({ ...at(20, 8), resource: left })), HOUR);
    expect(spanNamed(same, "child")).toMatchObject(at(20, 8));
    const unknown = adjustClockSkew(aTrace(parent, child({ ...at(20, 8), resource: aResource("web") })), HOUR);
    expect(spanNamed(unknown, "child")).toMatchObject(at(1, 8));
    const nowhere = aResource("web");
    const both = aTrace({ ...parent, resource: nowhere }, child({ ...at(20, 8), resource: nowhere }));
    expect(spanNamed(adjustClockSkew(both, HOUR), "child")).toMatchObject(at(1, 8));
  });

  test("the host is host.id, else the first host.ip, else host.name", () => {
    const ips = { key: "host.ip", value: { type: "array", values: [{ type: "string", value: "10.0.0.1" }] } } as const;
    const named = { ...aResource("a"), attributes: [ips, ...attributes({ "host.name": "x" })] };
    const other = aResource("b", { "host.ip": "10.0.0.1", "host.name": "y" });
    const trace = aTrace({ ...parent, resource: named }, child({ ...at(20, 8), resource: other }));
    expect(spanNamed(adjustClockSkew(trace, HOUR), "child")).toMatchObject(at(20, 8));
  });

  test("a second span with an id, and one whose parent is missing, say why they stay", () => {
    const told = adjustClockSkew(
      aTrace(parent, { ...parent, name: "again" }, child({ parentSpanId: idOf("9") })),
      HOUR,
    );
    expect(spanNamed(told, "again").warnings).toEqual(["duplicate span IDs; skipping clock skew adjustment"]);
    expect(spanNamed(told, "child").warnings).toEqual([
      "parent span ID=0000000000000009 is not in the trace; skipping clock skew adjustment",
    ]);
  });

  test("a chain of 50,000 spans is no deeper than a stack can be", () => {
    const chain = Array.from({ length: 50_000 }, (_, i) =>
      aSpan({
        spanId: idOf((i + 1).toString(16)),
        parentSpanId: i === 0 ? undefined : idOf(i.toString(16)),
        resource: i % 2 ? left : right,
      }),
    );
    expect(adjustTrace(aTrace(...chain), ADJUST_DEFAULTS).spans.length).toBe(50_000);
  });
});

describe("parents that go round", () => {
  test("a span that is its own parent becomes a root, and says so", () => {
    const trace = breakParentCycles(aTrace(aSpan({ spanId: idOf("a"), parentSpanId: idOf("a") })));
    expect(trace.spans[0]).toMatchObject({
      parentSpanId: undefined,
      warnings: ["parent span IDs form a circle; not showing the references of this span to 000000000000000a"],
    });
  });

  test("of a circle the span that started first becomes the root; the others keep their parents", () => {
    const a = aSpan({ spanId: idOf("a"), name: "a", parentSpanId: idOf("c"), ...at(5, 1) });
    const b = aSpan({ spanId: idOf("b"), name: "b", parentSpanId: idOf("a"), ...at(3, 1) });
    const c = aSpan({ spanId: idOf("c"), name: "c", parentSpanId: idOf("b"), ...at(4, 1) });
    const tail = aSpan({ spanId: idOf("d"), name: "tail", parentSpanId: idOf("c") });
    const broken = breakParentCycles(aTrace(tail, a, b, c));
    expect(spanNamed(broken, "b").parentSpanId).toBeUndefined();
    for (const span of [a, c, tail]) expect(spanNamed(broken, span.name)).toEqual(span);
  });

  test("a root that links to its own child does not hide the trace", () => {
    const elsewhere = aLink({ traceId: "f".repeat(32), spanId: idOf("5") });
    const root = aSpan({
      spanId: idOf("1"),
      name: "root",
      links: [elsewhere, aLink({ spanId: idOf("2") })],
      ...at(0, 1),
    });
    const child = aSpan({ spanId: idOf("2"), name: "child", parentSpanId: idOf("1"), ...at(1, 1) });
    const broken = breakParentCycles(aTrace(root, child));
    expect(spanNamed(broken, "root").links).toEqual([elsewhere]);
    expect(spanNamed(broken, "child")).toEqual(child);
  });
});

describe("smaller repairs", () => {
  test("attributes are sorted everywhere, events by name, and spans go on sharing their resource", () => {
    const shared = { ...aResource("web"), attributes: attributes({ z: 1n, "service.name": "web" }) };
    const event = (name: string) => ({
      timeNanos: 0n,
      name,
      attributes: attributes({ b: 1n, a: 2n }),
      droppedAttributesCount: 0,
    });
    const span = aSpan({
      resource: shared,
      attributes: attributes({ b: 1n, a: 2n }),
      events: [event("y"), event("x")],
      links: [aLink({ attributes: attributes({ b: 1n, a: 2n }) })],
    });
    const [first, second] = sortAttributes(aTrace(span, { ...span, spanId: idOf("b") })).spans;
    const keys = (list: readonly { key: string }[] | undefined) => list?.map(({ key }) => key).join();
    expect(keys(first?.attributes)).toBe("a,b");
    expect(first?.events.map(({ name }) => name)).toEqual(["x", "y"]);
    expect([keys(first?.events[0]?.attributes), keys(first?.links[0]?.attributes)]).toEqual(["a,b", "a,b"]);
    expect(keys(first?.resource.attributes)).toBe("service.name,z");
    expect(second?.resource).toBe(first?.resource);
  });

  test("exact copies are one span; any difference makes two", () => {
    const span = aSpan({ attributes: attributes({ n: 1n }) });
    const others = [
      { ...span, attributes: attributes({ n: 1 }) },
      { ...span, attributes: attributes({ n: "1" }) },
      { ...span, attributes: attributes({ n: Number.NaN }) },
      { ...span, attributes: attributes({ n: Number.POSITIVE_INFINITY }) },
      { ...span, attributes: attributes({ n: 0 }) },
      { ...span, attributes: attributes({ n: -0 }) },
      { ...span, resource: aResource("other") },
      { ...span, endNanos: span.endNanos + 1n },
    ];
    const copies = [...others, span, ...others].map((each) => structuredClone(each));
    expect(dropDuplicates(aTrace(span, ...copies)).spans).toEqual([span, ...others]);
  });

  test("numeric addresses are written with dots, on spans and resources, and nothing else is", () => {
    const span = aSpan({
      attributes: attributes({ ip: 167772161n, "peer.ipv4": 3232235777, other: 167772161n }),
      resource: aResource("web", { ip: -1n }),
    });
    const [written] = writeIpAddresses(
      aTrace(span, aSpan({ attributes: attributes({ ip: "::1", "peer.ipv4": Number.NaN }) })),
    ).spans;
    expect(written?.attributes).toEqual(attributes({ ip: "10.0.0.1", "peer.ipv4": "192.168.1.1", other: 167772161n }));
    expect(written?.resource.attributes).toEqual(attributes({ "service.name": "web", ip: "255.255.255.255" }));
  });

  test("what describes the library moves to the resource, unless the resource says something else", () => {
    const resource = aResource("web", { "telemetry.sdk.name": "b3" });
    const span = aSpan({
      attributes: attributes({ "telemetry.sdk.name": "other", "telemetry.sdk.language": "go", kept: true }),
      resource,
    });
    const agrees = aSpan({
      attributes: attributes({ "telemetry.sdk.name": "b3", "telemetry.sdk.language": "go" }),
      resource,
    });
    const [first, second] = moveLibraryAttributes(aTrace(span, agrees)).spans;
    expect(first?.attributes).toEqual(attributes({ "telemetry.sdk.name": "other", kept: true }));
    expect(first?.warnings).toEqual(["telemetry.sdk.name of the span and of its resource differ"]);
    expect(second?.attributes).toEqual([]);
    const there = { "service.name": "web", "telemetry.sdk.language": "go", "telemetry.sdk.name": "b3" };
    expect(second?.resource.attributes).toEqual(attributes(there));
    expect(first?.resource).toBe(second?.resource);
  });

  test("links to no trace go, with a warning", () => {
    const kept = aLink({ spanId: idOf("9") });
    const span = aSpan({ links: [aLink({ traceId: "0".repeat(32) }), kept] });
    expect(dropEmptyLinks(aTrace(span)).spans[0]).toMatchObject({
      links: [kept],
      warnings: ["Invalid span link removed"],
    });
  });
});
