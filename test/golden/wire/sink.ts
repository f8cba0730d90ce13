import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Server } from "node:net";

/** One request, or one datagram, as it came. */
export interface Message {
  /** `http`, `grpc`, or the protocol of a datagram. */
  readonly by: "http" | "grpc" | "compact" | "binary";
  readonly path?: string;
  /** Those that say what the body is. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In base64. */
  readonly body: string;
}

const SAYING = ["content-type", "content-encoding", "grpc-encoding"];

/** Takes whatever clients send, to all ports alike, and says that all is well. */
export async function openSink() {
  const messages: Message[] = [];
  const http = createServer(async (request, answer) => {
    messages.push({ by: "http", ...(await read(request)) });
    answer.writeHead(request.url?.startsWith("/v1/") ? 200 : 202).end();
  });
  const grpc = createHttp2Server(async (request, answer) => {
    messages.push({ by: "grpc", ...(await read(request)) });
    // An empty message, and that it went well.
    answer.writeHead(200, { "content-type": "application/grpc" });
    answer.addTrailers({ "grpc-status": "0" });
    answer.end(Buffer.alloc(5));
  });
  const [httpPort, grpcPort] = await Promise.all([listening(http), listening(grpc)]);
  const udp = { compact: await datagrams("compact", messages), binary: await datagrams("binary", messages) };
  return { http: `http://127.0.0.1:${httpPort}`, grpc: `http://127.0.0.1:${grpcPort}`, udp, messages };
}

type Request = Pick<IncomingMessage, "headers" | "url"> & AsyncIterable<Buffer>;

async function read(request: Request): Promise<Omit<Message, "by">> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  const headers = SAYING.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  return {
    path: request.url ?? "",
    headers: Object.fromEntries(headers),
    body: Buffer.concat(pieces).toString("base64"),
  };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function datagrams(by: "compact" | "binary", messages: Message[]): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  socket.on("message", (bytes) => messages.push({ by, body: bytes.toString("base64") }));
  return socket.address().port;
}
