import { PassThrough } from "node:stream";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import {
  bufferedHandler,
  type FunctionUrlEvent,
  type StreamingRuntime,
  streamingHandler,
} from "../../../lib/http/lambda.ts";
import { tenantByCredential } from "../../../lib/http/tenant-of.ts";

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

describe("a function URL that asks for signatures", () => {
  const table = {
    tokens: [],
    rates: new Map(),
    principals: [{ principal: "arn:aws:sts::1:assumed-role/agents/*", tenant: "acme", scopes: ["ingest"] as const }],
  };
  const tenantOf = tenantByCredential(() => table, "ingest");
  const app = new Hono().get("/who", async (c) => c.text(await tenantOf(c.req.raw)));
  app.onError((error, c) => c.text(error.message, 403));
  const ask = async (requestContext: Partial<FunctionUrlEvent["requestContext"]>, headers = {}) => {
    const event = anEvent({ rawPath: "/who", headers });
    const answer = await bufferedHandler(app)({
      ...event,
      requestContext: { ...event.requestContext, ...requestContext },
    });
    return [answer.statusCode, Buffer.from(answer.body, "base64").toString()];
  };

  test("tells the tenant by who signed", async () => {
    const userArn = "arn:aws:sts::1:assumed-role/agents/i-0";
    expect(await ask({ authorizer: { iam: { userArn } } }, { authorization: "AWS4-HMAC-SHA256 x=y" })).toEqual([
      200,
      "acme",
    ]);
    expect(await ask({ authorizer: { iam: { userArn: "arn:aws:iam::1:user/eve" } } })).toEqual([
      403,
      "principal arn:aws:iam::1:user/eve stands for no tenant: expected one of the map",
    ]);
  });

  test("takes nobody's word for it", async () => {
    const headers = {
      "x-amzn-iam-arn": "arn:aws:sts::1:assumed-role/agents/i-0",
      authorization: "AWS4-HMAC-SHA256 x=y",
    };
    expect((await ask({}, headers))[0]).toBe(403);
  });
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
