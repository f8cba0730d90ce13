import { type EventEmitter, once } from "node:events";
import {
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServerErrorResponse,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  type ServerUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import { shownFault } from "../../lib/http/failure.ts";
import type { TenantOf } from "../../lib/http/tenant-of.ts";
import { MEANING } from "../../lib/model/errors.ts";
import { before, eachBefore } from "../../lib/rpc/deadline.ts";
import { type Call, type Method, pathOf } from "../../lib/rpc/method.ts";
import { type RpcStatus, statusOf } from "../../lib/rpc/status.ts";
import type { Scope } from "../../lib/runtime/access.ts";
import { MAX_BODY_BYTES } from "../../lib/runtime/limits.ts";

export interface GrpcServerParts<S extends Scope> {
  readonly methods: readonly Method<S>[];
  /** By what a method's scope asks for. */
  readonly tenants: Readonly<Record<S, TenantOf>>;
  /** Told of every fault that is not the client's. */
  readonly onFault: (error: unknown) => void;
  /** Told of every error that answers a method with a scope, by the HTTP status that means the same. */
  readonly onRefused?: (status: number) => void;
}

/** A caller that is gone without a word is found out within so long; a connection through NAT may lie idle for five minutes. */
const KEEPALIVE_MILLIS = 60_000;
const KEEPALIVE_TIMEOUT_MILLIS = 20_000;

/** Calls at a time on one connection: each may hold a message of the largest size. As many as other servers allow. */
const MAX_CONCURRENT_CALLS = 100;

const OPTIONS = {
  "grpc.max_receive_message_length": MAX_BODY_BYTES,
  "grpc.max_send_message_length": -1,
  "grpc.max_concurrent_streams": MAX_CONCURRENT_CALLS,
  "grpc.keepalive_time_ms": KEEPALIVE_MILLIS,
  "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MILLIS,
  "grpc.enable_channelz": 0,
};

type Unary = ServerUnaryCall<Buffer, Uint8Array>;
type Streaming = ServerWritableStream<Buffer, Uint8Array>;
type Dialogue = ServerDuplexStream<Buffer, Uint8Array>;

/** gRPC over HTTP/2 for these methods. It listens nowhere by itself: connections are handed to it. */
export function grpcServer<S extends Scope>({ methods, tenants, onFault, onRefused }: GrpcServerParts<S>): Server {
  const callers = new WeakMap<Metadata, string>();
  const table = new Map(methods.map((method) => [pathOf(method), method]));
  const errorOf = (path: string, error: unknown): GrpcError => {
    const known = shownFault(error);
    const { http } = MEANING[known.code];
    // A deadline that passes is also how a caller that has gone is told of; nobody reads the answer.
    const isRead = known.code !== "deadline_exceeded";
    // Health and reflection are asked by tools: what they are not told refuses nobody's spans.
    if (isRead && table.get(path)?.scope !== undefined) onRefused?.(http);
    if (isRead && http >= 500 && known.code !== "unimplemented") onFault(error);
    return errorResponse(statusOf(known));
  };
  const server = new Server({ ...OPTIONS, interceptors: [askFirst(table, tenants, callers, errorOf)] });
  for (const [path, method] of table) register(server, path, method, callers, errorOf);
  return server;
}

/** A status, in the shape that handlers fail with. */
type GrpcError = ServerErrorResponse & {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
};

type ErrorOf = (path: string, error: unknown) => GrpcError;

/** Tells whose call it is before anything of its message is read: nobody else may fill the memory. */
const askFirst =
  <S extends Scope>(
    table: ReadonlyMap<string, Method<S>>,
    tenants: Readonly<Record<S, TenantOf>>,
    callers: WeakMap<Metadata, string>,
    errorOf: ErrorOf,
  ): ServerInterceptor =>
  ({ path }, call) => {
    const scope = table.get(path)?.scope;
    if (scope === undefined) return new ServerInterceptingCall(call);
    const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, next) => {
      const [authorization] = metadata.get("authorization");
      const headers = new Headers(authorization === undefined ? {} : { authorization: String(authorization) });
      tenantOf(tenants[scope], headers).then(
        (tenant) => {
          callers.set(metadata, tenant);
          next(metadata);
        },
        (error) => call.sendStatus(errorOf(path, error)),
      );
    });
    return new ServerInterceptingCall(call, { start: (next) => next(listener.build()) });
  };

/** What throws at once fails like what fails later. */
const tenantOf = async (tenant: TenantOf, headers: Headers): Promise<string> => tenant({ headers });

function register(
  server: Server,
  path: string,
  method: Method,
  callers: WeakMap<Metadata, string>,
  errorOf: ErrorOf,
): void {
  const callOf = (call: EventEmitter & { readonly metadata: Metadata }): Call => {
    const gone = new AbortController();
    call.once("cancelled", () => gone.abort());
    return { tenant: callers.get(call.metadata) ?? "", signal: gone.signal };
  };
  switch (method.kind) {
    case "unary":
      server.register<Buffer, Uint8Array>(
        path,
        (unary: Unary, answered: (error: GrpcError | null, bytes?: Uint8Array) => void) => {
          const call = callOf(unary);
          before(call.signal, method.answer(unary.request, call)).then(
            (bytes) => answered(null, bytes),
            (error) => answered(errorOf(path, error)),
          );
        },
        ...RAW,
        "unary",
      );
      return;
    case "server_streaming":
      server.register<Buffer, Uint8Array>(
        path,
        (stream: Streaming) => {
          const call = callOf(stream);
          send(stream, eachBefore(call.signal, method.answer(stream.request, call)), call.signal).catch((error) =>
            stream.emit("error", errorOf(path, error)),
          );
        },
        ...RAW,
        "serverStream",
      );
      return;
    case "dialogue":
      server.register<Buffer, Uint8Array>(
        path,
        (stream: Dialogue) => {
          const call = callOf(stream);
          stream.on("data", (request: Buffer) => {
            // The next request is not read before this one is answered.
            stream.pause();
            before(call.signal, method.answer(request, call)).then(
              (bytes) => {
                stream.write(bytes);
                stream.resume();
              },
              (error) => stream.emit("error", errorOf(path, error)),
            );
          });
          stream.once("end", () => stream.end());
        },
        ...RAW,
        "bidi",
      );
  }
}

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Messages stay bytes: the table reads and writes them. */
const RAW = [toBuffer, (bytes: Buffer): Buffer => bytes] as const;

async function send(stream: Streaming, answers: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  for await (const answer of answers) if (!stream.write(answer)) await once(stream, "drain", { signal });
  stream.end();
}

function errorResponse({ code, message, details }: RpcStatus): GrpcError {
  const metadata = new Metadata();
  if (details !== undefined) metadata.set("grpc-status-details-bin", toBuffer(details));
  return { name: "Error", message, code, details: message, metadata };
}
