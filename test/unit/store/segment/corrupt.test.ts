import { expect, test } from "vitest";
import { TracingError } from "../../../../lib/model/errors.ts";
import { gatherSpans } from "../../../../lib/store/plan-spans.ts";
import { type BuiltSegment, buildSegments } from "../../../../lib/store/segment/build-segments.ts";
import { SEGMENT_LIMITS } from "../../../../lib/store/segment/limits.ts";
import { tagTerm } from "../../../../lib/store/segment/term-hash.ts";
import { Random } from "../../../data/random.ts";
import { requests } from "../../../data/traffic.ts";
import { contentsOf } from "../../../support/segment-contents.ts";

const AT = 1_760_400_000_000;

function build(limits = SEGMENT_LIMITS): BuiltSegment {
  const batches = requests({ seed: 5, traces: 40, spansPerTrace: 10, startMillis: AT, spreadMillis: 1000 }).map(
    ({ atMillis, bytes }) => ({ tenant: "t", receivedNanos: BigInt(atMillis) * 1_000_000n, traces: bytes }),
  );
  const plan = { stream: "s@1", shardId: "shardId-000000000000", first: "1", last: "2", at: AT, closed: -1 };
  const [segment] = gatherSpans(batches).flatMap((spans) => buildSegments(spans, plan, limits));
  if (segment === undefined) throw new Error("no segment");
  return segment;
}

const PARTS = build({ ...SEGMENT_LIMITS, headBytes: 0, bundleBytes: 0 });
const BUNDLED = build();

function read(segment: BuiltSegment): void {
  const { find } = contentsOf(segment);
  for (const method of ["GET", "SELECT", "none"]) find(tagTerm("http.request.method", method))?.rows.rows();
}

/** Every way in which one byte run of the segment is damaged. */
function* damaged(damage: (bytes: Uint8Array) => Uint8Array): Generator<BuiltSegment> {
  yield { ...PARTS, head: damage(PARTS.head) };
  yield { ...PARTS, pages: PARTS.pages.with(0, damage(PARTS.pages[0] as Uint8Array)) };
  yield { ...PARTS, terms: PARTS.terms.map(damage) };
  yield { ...PARTS, rows: PARTS.rows.with(0, damage(PARTS.rows[0] as Uint8Array)) };
  yield { ...BUNDLED, bundle: damage(BUNDLED.bundle as Uint8Array) };
}

function faultOf(segment: BuiltSegment): unknown {
  try {
    read(segment);
    return undefined;
  } catch (error) {
    return error;
  }
}

test("a part that is cut off is refused", () => {
  const random = new Random(1);
  for (let n = 0; n < 20; n++)
    for (const segment of damaged((bytes) => bytes.slice(0, random.below(bytes.length)))) {
      const fault = faultOf(segment);
      expect(fault).toBeInstanceOf(TracingError);
      expect(fault).toMatchObject({ code: "internal" });
    }
});

test("a part with wrong bytes is refused or read, and nothing worse", () => {
  const random = new Random(2);
  const flip = (bytes: Uint8Array): Uint8Array => {
    const copy = bytes.slice();
    for (let n = random.below(3); n >= 0; n--) copy[1 + random.below(copy.length - 1)] = random.below(256);
    return copy;
  };
  for (let n = 0; n < 60; n++)
    for (const segment of damaged(flip)) {
      const fault = faultOf(segment);
      if (fault !== undefined) expect(fault).toMatchObject({ name: "TracingError", code: "internal" });
    }
});

test("a version of the format that is not known is refused by its number", () => {
  const other = (bytes: Uint8Array): Uint8Array => bytes.with(0, 99);
  for (const segment of damaged(other))
    expect(() => read(segment)).toThrow(/segment (head|page|terms|rows|bundle): format version 99, expected 1/);
});
