import { type Context, Hono } from "hono";
import { invalid, MEANING, TracingError } from "../model/errors.ts";
import { before, eachBefore, timeoutMillis } from "../rpc/deadline.ts";
import { type Method, pathOf } from "../rpc/method.ts";
import { OK, statusOf } from "../rpc/status.ts";
import {
  decodeText,
  FRAME_HEADER_BYTES,
  type Frame,
  messageFrame,
  readFrames,
  trailerFrame,
} from "../rpc/web-frames.ts";
import type { Scope } from "../runtime/access.ts";
import { MAX_BODY_BYTES } from "../runtime/limits.ts";
import { inflated, readBody } from "./body.ts";
import { plainText, shownFault } from "./failure.ts";
import { mediaType } from "./media-type.ts";
import type { TenantOf } from "./tenant-of.ts";

export interface GrpcWebParts<S extends Scope> {
  readonly methods: readonly Method<S>[];
  /** By what a method's scope asks for. */
  readonly tenants: Readonly<Record<S, TenantOf>>;
  /** Told of every fault that is not the client's. */
  readonly onFault: (error: unknown) => void;
  /** Told of every error that is an answer, by the HTTP status that means the same: that of the response is 200. */
  readonly onRefused?: (status: number) => void;
}

/** What may stand behind `application/grpc-web`: the messages' format, which is protobuf, stated or not. */
const CONTENT_TYPE = /^application\/grpc-web(-text)?(\+proto)?$/;

/** Of messages, as a caller names it; the first is what we write. */
const ENCODINGS = ["identity", "gzip", "deflate"];

/** A dialogue's requests are asked for by tools, a few at a time. */
const MOST_REQUESTS = 100;

/** One message, and what it is framed with. */
const MAX_FRAMED_BYTES = MAX_BODY_BYTES + FRAME_HEADER_BYTES;

/**
 * gRPC over HTTP/1.1, as browsers can speak it (grpc/doc/PROTOCOL-WEB.md). Whatever a method comes to stands in the
 * trailers, at the end of a body with status 200: that is where every client looks.
 */
export function grpcWebDoor<S extends Scope>(parts: GrpcWebParts<S>): Hono {
  const { methods } = parts;
  const fail = failed(parts);
  const table = new Map(methods.map((method) => [pathOf(method), method]));
  const app = new Hono();
  app.use(async (c, next) => {
    const type = typeOf(c);
    if (c.req.method !== "POST" || !CONTENT_TYPE.test(type)) return next();
    const body = await answer(c, table.get(c.req.path), parts).catch((error) => Buffer.from(fail(error)));
    return c.body(isText(type) ? asText(body) : body, 200, {
      "Content-Type": type,
      "grpc-encoding": "identity",
      "grpc-accept-encoding": ENCODINGS.join(","),
    });
  });
  for (const path of table.keys())
    app.all(path, (c) => {
      if (c.req.method === "POST")
        return plainText(c, 415, `Content-Type ${typeOf(c) || "none"}: expected application/grpc-web+proto\n`);
      c.header("Allow", "POST");
      return plainText(c, 405, `method not allowed: ${c.req.method}, expected POST\n`);
    });
  return app;
}

const typeOf = (c: Context): string => mediaType(c.req.header("content-type"));

const isText = (type: string): boolean => type.includes("-text");

type Body = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;

/** The frames that a call is answered with. Throws what went wrong before the first of them. */
async function answer<S extends Scope>(
  c: Context,
  method: Method<S> | undefined,
  parts: GrpcWebParts<S>,
): Promise<Body> {
  if (method === undefined) throw new TracingError("unimplemented", `no such method: ${c.req.path}`);
  const { tenants } = parts;
  const fail = failed(parts);
  const gone = new AbortController();
  const millis = timeoutMillis(c.req.header("grpc-timeout"));
  const signal = millis === undefined ? gone.signal : AbortSignal.any([AbortSignal.timeout(millis), gone.signal]);
  const tenant = method.scope === undefined ? "" : await tenants[method.scope](c.req.raw);
  const call = { tenant, signal };
  if (method.kind === "dialogue") {
    const requests = await before(signal, readFramesOf(c, MOST_REQUESTS));
    const replies = eachReply(requests, async (frame) => method.answer(await messageOf(c, frame), call));
    return streamed(eachFrame(eachBefore(signal, replies), fail), gone);
  }
  const [frame] = await before(signal, readFramesOf(c, 1));
  if (frame === undefined) throw invalid("gRPC-web: the body is empty: expected one message");
  const request = await before(signal, messageOf(c, frame));
  if (method.kind === "server_streaming")
    return streamed(eachFrame(eachBefore(signal, method.answer(request, call)), fail), gone);
  return Buffer.concat([messageFrame(await before(signal, method.answer(request, call))), trailerFrame(OK)]);
}

async function readFramesOf(c: Context, most: number): Promise<Frame[]> {
  const asText = isText(typeOf(c));
  // Base64 takes four bytes for three.
  const body = await readBody(c.req.raw, asText ? Math.ceil(MAX_FRAMED_BYTES / 3) * 4 : MAX_FRAMED_BYTES);
  return readFrames(asText ? decodeText(body) : body, most);
}

async function messageOf(c: Context, { isCompressed, bytes }: Frame): Promise<Uint8Array> {
  const encoding = (c.req.header("grpc-encoding") ?? "identity").trim().toLowerCase();
  if (!ENCODINGS.includes(encoding))
    throw new TracingError("unimplemented", `grpc-encoding ${encoding}: expected one of ${ENCODINGS.join(", ")}`);
  if (!isCompressed) return bytes;
  if (encoding === "identity") throw invalid("gRPC-web: a compressed message, but no grpc-encoding says how");
  return inflated(encoding, bytes, MAX_BODY_BYTES);
}

async function* eachReply<Q, A>(requests: readonly Q[], reply: (request: Q) => Promise<A>): AsyncIterable<A> {
  for (const request of requests) yield await reply(request);
}

function streamed(frames: AsyncIterable<Uint8Array<ArrayBuffer>>, gone: AbortController): Body {
  const iterator = frames[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(out) {
      const { done, value } = await iterator.next();
      if (done === true) out.close();
      else out.enqueue(value);
    },
    async cancel() {
      // The work is told, too: it may be waiting for something that never comes.
      gone.abort();
      await iterator.return?.();
    },
  });
}

async function* eachFrame(
  messages: AsyncIterable<Uint8Array>,
  fail: (error: unknown) => Uint8Array<ArrayBuffer>,
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  try {
    for await (const message of messages) yield messageFrame(message);
  } catch (error) {
    yield fail(error);
    return;
  }
  yield trailerFrame(OK);
}

const failed =
  ({ onFault, onRefused }: Pick<GrpcWebParts<Scope>, "onFault" | "onRefused">) =>
  (error: unknown): Uint8Array<ArrayBuffer> => {
    const known = shownFault(error);
    const { http } = MEANING[known.code];
    onRefused?.(http);
    // Neither what a client asks for that is not there, nor how little time it leaves, is a fault of ours.
    if (http >= 500 && known.code !== "unimplemented" && known.code !== "deadline_exceeded") onFault(error);
    return trailerFrame(statusOf(known));
  };

/** Every frame as base64 of its own: what has come can be read before the rest has. */
function asText(body: Body): Body {
  if (body instanceof Uint8Array) return Buffer.from(base64(body), "latin1");
  return body.pipeThrough(
    new TransformStream({
      transform: (frame, out) => out.enqueue(Buffer.from(base64(frame), "latin1")),
    }),
  );
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
