import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { encodeMessage } from "../../../lib/rpc/status.ts";
import { decodeText, readFrames, trailerFrame } from "../../../lib/rpc/web-frames.ts";
import { grpcFrame, readWebAnswer } from "../../support/grpc-frames.ts";

const messages = fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.boolean()), { maxLength: 5 });
const bodyOf = (all: readonly (readonly [Uint8Array, boolean])[]): Buffer =>
  Buffer.concat(all.map(([message, isCompressed]) => grpcFrame(message, isCompressed ? 1 : 0)));

/** What the reader makes of bytes; undefined when it refuses them as it should. */
function framesOf(body: Uint8Array) {
  try {
    return readFrames(body, 5);
  } catch (error) {
    if (error instanceof TracingError && error.code === "invalid_argument") return undefined;
    throw error;
  }
}

describe("frames", () => {
  test("are read as they were framed", () => {
    fc.assert(
      fc.property(messages, (all) => {
        const read = readFrames(bodyOf(all), 5).map(({ bytes, isCompressed }) => [[...bytes], isCompressed]);
        expect(read).toEqual(all.map(([message, isCompressed]) => [[...message], isCompressed]));
      }),
    );
  });

  test("that are cut off are refused, but at an end", () => {
    fc.assert(
      fc.property(messages, fc.nat(), (all, cut) => {
        const body = bodyOf(all);
        const length = cut % (body.length + 1);
        const ends = all.map((_, i) => bodyOf(all.slice(0, i)).length).concat(body.length);
        expect(framesOf(body.subarray(0, length)) !== undefined).toBe(ends.includes(length));
      }),
    );
  });

  test("of any other bytes are refused, or are all of those bytes", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(messages, fc.nat(), fc.nat(255)).map(([all, at, byte]) => {
        const body = bodyOf(all);
        if (body.length > 0) body[at % body.length] = byte;
        return body;
      }),
    );
    fc.assert(
      fc.property(anything, (body) => {
        const frames = framesOf(body);
        const again = frames?.map(({ bytes, isCompressed }) => grpcFrame(bytes, isCompressed ? 1 : 0));
        if (again !== undefined) expect(Buffer.concat(again).equals(body)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("text", () => {
  test("is the bytes that were written, in whatever parts they were padded", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (parts) => {
        const text = parts.map((part) => Buffer.from(part).toString("base64")).join("");
        expect(Buffer.from(decodeText(Buffer.from(text)))).toEqual(Buffer.concat(parts));
      }),
    );
  });

  test.each(["A", "AA", "AAA", "AAA=A", "A===", "====", "=", "AAAA=", "AAA-", "AA AA", "AAAA\n"])(
    "%j is none",
    (text) => {
      expect(() => decodeText(Buffer.from(text))).toThrow("gRPC-web: the body is not base64, in fours");
    },
  );
});

test("text in very many parts is refused before they are all looked at", () => {
  expect(() => decodeText(Buffer.from("AA==".repeat(1001)))).toThrow("more than 1000 padded parts");
  expect(decodeText(Buffer.from("AA==".repeat(1000))).length).toBe(1000);
});

describe("a status", () => {
  test("says in ASCII what any text says", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (message) => {
        const { trailers } = readWebAnswer(trailerFrame({ code: 5, message, details: undefined }));
        expect(trailers["grpc-status"]).toBe("5");
        expect(decodeURIComponent(trailers["grpc-message"] ?? "")).toBe(message);
      }),
    );
  });

  test("stands even when the text is none", () => {
    expect(encodeMessage("half \ud83d of a pair")).toBe("half %EF%BF%BD of a pair");
  });
});
