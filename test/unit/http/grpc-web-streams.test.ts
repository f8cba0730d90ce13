import { expect, test } from "vitest";
import { grpcWebDoor } from "../../../lib/http/grpc-web.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import { dialogue, type Method, serverStreaming } from "../../../lib/rpc/method.ts";
import { grpcFrame, readWebAnswer } from "../../support/grpc-frames.ts";

const PROTO = "application/grpc-web+proto";
const TEXT = "application/grpc-web-text+proto";
const asIs = (bytes: Uint8Array): Uint8Array => bytes;

interface Parts {
  readonly answers: (request: Uint8Array, signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

function door({ answers }: Parts) {
  const faults: unknown[] = [];
  const row = { scope: undefined, decode: asIs, encode: asIs };
  const methods: Method<never>[] = [
    serverStreaming<never, Uint8Array, Uint8Array>({
      ...{ ...row, service: "test.Service", name: "Stream" },
      handle: (request, { signal }) => answers(request, signal),
    }),
    dialogue<never, Uint8Array, Uint8Array>({
      ...{ ...row, service: "test.Service", name: "Talk" },
      handle: (request) => Buffer.from(request).reverse(),
    }),
  ];
  const app = grpcWebDoor({ methods, tenants: {}, onFault: (error) => faults.push(error) });
  const ask = async (method: string, body: Uint8Array, headers: Record<string, string> = {}) =>
    app.request(`/test.Service/${method}`, {
      method: "POST",
      body: Buffer.from(body),
      headers: { "Content-Type": PROTO, ...headers },
    });
  return { ask, faults };
}

const read = async (response: Response) => readWebAnswer(new Uint8Array(await response.arrayBuffer()));
const texts = (messages: readonly Buffer[]): string[] => messages.map((message) => message.toString());

/** Frames that were each made base64, as they come. */
async function readText(response: Response) {
  const text = await response.text();
  const frames = (text.match(/[^=]+={0,2}/g) ?? []).map((part) => Buffer.from(part, "base64"));
  return readWebAnswer(Buffer.concat(frames));
}

async function* countTo(end: number): AsyncIterable<Uint8Array> {
  for (let i = 1; i <= end; i++) yield Buffer.from(String(i));
}

test("answers come one after the other, and the status last", async () => {
  const { ask } = door({ answers: (request) => countTo(Number(Buffer.from(request).toString())) });
  const binary = await read(await ask("Stream", grpcFrame(Buffer.from("12"))));
  const text = await readText(
    await ask("Stream", Buffer.from(grpcFrame(Buffer.from("12")).toString("base64")), { "Content-Type": TEXT }),
  );
  for (const { messages, trailers } of [binary, text])
    expect([texts(messages).join(" "), trailers["grpc-status"]]).toEqual(["1 2 3 4 5 6 7 8 9 10 11 12", "0"]);
});

test("an answer is there before the next has been made", async () => {
  const next = Promise.withResolvers<void>();
  const { ask } = door({
    async *answers() {
      yield Buffer.from("first");
      await next.promise;
      yield Buffer.from("second");
    },
  });
  const reader = (await ask("Stream", grpcFrame(Buffer.alloc(0)))).body?.getReader();
  expect(
    Buffer.from((await reader?.read())?.value ?? [])
      .subarray(5)
      .toString(),
  ).toBe("first");
  next.resolve();
  expect(
    Buffer.from((await reader?.read())?.value ?? [])
      .subarray(5)
      .toString(),
  ).toBe("second");
});

test("what goes wrong on the way stands after what came before it", async () => {
  const { ask, faults } = door({
    async *answers() {
      yield Buffer.from("first");
      throw new TracingError("not_found", "no more");
    },
  });
  const { messages, trailers } = await read(await ask("Stream", grpcFrame(Buffer.alloc(0))));
  expect([texts(messages), trailers, faults]).toEqual([
    ["first"],
    { "grpc-status": "5", "grpc-message": "no more" },
    [],
  ]);
});

test("a deadline ends a stream that would not end", async () => {
  const { ask } = door({
    async *answers() {
      yield Buffer.from("first");
      await new Promise(() => undefined);
    },
  });
  const { messages, trailers } = await read(await ask("Stream", grpcFrame(Buffer.alloc(0)), { "grpc-timeout": "30m" }));
  expect([texts(messages), trailers["grpc-status"]]).toEqual([["first"], "4"]);
});

test("a caller that goes away ends the work", async () => {
  const ended = Promise.withResolvers<string>();
  const { ask } = door({
    async *answers() {
      try {
        for (;;) yield Buffer.from("more");
      } finally {
        ended.resolve("ended");
      }
    },
  });
  const reader = (await ask("Stream", grpcFrame(Buffer.alloc(0)))).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(await ended.promise).toBe("ended");
});

test("a caller that goes away while nothing comes is told of, too", async () => {
  const told = Promise.withResolvers<void>();
  const { ask } = door({
    async *answers(_, signal) {
      yield Buffer.from("first");
      signal.addEventListener("abort", () => told.resolve());
      await new Promise(() => undefined);
    },
  });
  const reader = (await ask("Stream", grpcFrame(Buffer.alloc(0)))).body?.getReader();
  await reader?.read();
  // It waits for the second by now.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await reader?.cancel();
  await told.promise;
});

test("each request of a dialogue is answered, in order", async () => {
  const { ask } = door({ answers: () => countTo(0) });
  const body = Buffer.concat([grpcFrame(Buffer.from("ab")), grpcFrame(Buffer.from("cd"))]);
  const { messages, trailers } = await read(await ask("Talk", body));
  expect([texts(messages), trailers["grpc-status"]]).toEqual([["ba", "dc"], "0"]);
});

test("too many requests at once are refused before any is answered", async () => {
  const { ask } = door({ answers: () => countTo(0) });
  const { messages, trailers } = await read(await ask("Talk", Buffer.alloc(5 * 101)));
  expect([messages.length, trailers["grpc-status"]]).toEqual([0, "3"]);
});
