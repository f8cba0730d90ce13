import { PassThrough } from "node:stream";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import {
  bufferedHandler,
  type FunctionUrlEvent,
  type StreamingRuntime,
  streamingHandler,
} from "../../../lib/http/lambda.ts";

const anEvent = (more: Partial<FunctionUrlEvent> & { method?: string } = {}): FunctionUrlEvent => {
  const { method = "GET", ...rest } = more;
  return {
    rawPath: "/",
    rawQueryString: "",
    headers: {},
    requestContext: { domainName: "abc.lambda-url.us-east-1.on.aws", http: { method } },
    isBase64Encoded: false,
    ...rest,
  };
};

/** Answers with what it was asked. */
const echo = new Hono()
  .all("/echo", async (c) => c.text(`${c.req.method} ${c.req.url} ${c.req.header("x-one")} ${await c.req.text()}`, 201))
  .post("/bytes", async (c) => c.body(await c.req.arrayBuffer(), 200, { "Content-Type": "application/x-protobuf" }))
  .get("/empty", (c) => c.body(null, 204))
  .get("/parts", (c) => {
    const parts = ReadableStream.from(["one,", "zwölf,", "three"].map((part) => new TextEncoder().encode(part)));
    return c.body(parts, 200, { "Content-Type": "text/plain" });
  });

describe("a buffered function URL", () => {
  test("hands method, URL, headers and text body on, and takes status and body back", async () => {
    const event = anEvent({
      method: "POST",
      rawPath: "/echo",
      rawQueryString: "tag=a%3Db&tag=c",
      headers: { "x-one": "1" },
      body: "grüezi",
    });
    const answer = await bufferedHandler(echo)(event);
    const body = Buffer.from(answer.body, "base64").toString();
    expect([answer.statusCode, body]).toEqual([
      201,
      "POST https://abc.lambda-url.us-east-1.on.aws/echo?tag=a%3Db&tag=c 1 grüezi",
    ]);
  });

  test("keeps binary bodies byte for byte both ways", async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)).toString("base64");
    const event = anEvent({ method: "POST", rawPath: "/bytes", body: bytes, isBase64Encoded: true });
    const answer = await bufferedHandler(echo)(event);
    expect(answer).toMatchObject({ statusCode: 200, body: bytes, isBase64Encoded: true });
    expect(answer.headers["content-type"]).toBe("application/x-protobuf");
  });
});

/** Lambda's own contract: the prelude goes out as JSON with eight NULs right before the first write, and only then. */
function aRuntime() {
  const sent: string[] = [];
  const runtime: StreamingRuntime = {
    streamifyResponse: (handler) => async (event) => {
      const sink = new PassThrough();
      sink.on("data", (chunk: Buffer) => sent.push(chunk.toString()));
      await handler(event, sink);
    },
    HttpResponseStream: {
      from: (sink, prelude) => {
        const first = new PassThrough();
        const write = first.write.bind(first);
        let isFirst = true;
        first.write = (chunk: Buffer | string) => {
          if (isFirst) sink.write(`${JSON.stringify(prelude)}\0\0\0\0\0\0\0\0`);
          isFirst = false;
          return write(chunk);
        };
        first.pipe(sink);
        return first;
      },
    },
  };
  return { runtime, sent };
}

describe("a streaming function URL", () => {
  test("sends the body part by part after the prelude", async () => {
    const { runtime, sent } = aRuntime();
    await streamingHandler(echo, runtime)(anEvent({ rawPath: "/parts" }));
    const [prelude, ...parts] = sent.filter((chunk) => chunk !== "");
    expect(JSON.parse(prelude?.replace(/\0+$/, "") ?? "")).toMatchObject({ statusCode: 200 });
    expect(parts).toEqual(["one,", "zwölf,", "three"]);
  });

  test("sends the status of an answer without a body", async () => {
    const { runtime, sent } = aRuntime();
    await streamingHandler(echo, runtime)(anEvent({ rawPath: "/empty" }));
    expect(sent.join("")).toMatch(/^\{"statusCode":204,.*\}\0{8}$/);
  });

  test.each([undefined, {}])(
    "frames the whole answer as one string where the runtime (%j) cannot stream",
    async (none) => {
      const answer = await streamingHandler(echo, none)(anEvent({ rawPath: "/parts" }));
      const [prelude, body] = String(answer).split("\0".repeat(8));
      expect(JSON.parse(prelude ?? "")).toEqual({ statusCode: 200, headers: { "content-type": "text/plain" } });
      expect(body).toBe("one,zwölf,three");
    },
  );
});
