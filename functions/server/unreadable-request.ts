import { type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Ceiling of a request's line and headers. Node's own 16 KiB end a search for 400 traces by their ids: the 500 that may be
 * asked for take 20 KiB, and somebody may escape every character. Anybody can make us hold as much for each connection.
 */
export const MAX_HEADER_BYTES = 64 * 1024;

/** By Node's code of the fault; whatever else cannot be read is a 400. */
const ANSWERS: Readonly<Record<string, readonly [status: number, text: string]>> = {
  HPE_HEADER_OVERFLOW: [431, `the request's line and headers are larger than ${MAX_HEADER_BYTES} bytes`],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "the extensions of the request's chunks are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the request did not come in time"],
};

/** Says what was wrong with a request that HTTP itself could not make out, and hangs up; Node says a status without a word. */
export function answerUnreadable(server: Server): void {
  const answering = new WeakSet<Duplex>();
  server.on("request", ({ socket }, outgoing) => {
    answering.add(socket);
    outgoing.once("close", () => answering.delete(socket));
  });
  server.on("clientError", (fault: NodeJS.ErrnoException, socket) => {
    // In the middle of another answer there is nothing to be said.
    if (!socket.writable || answering.has(socket)) return void socket.destroy();
    const [status, text] = ANSWERS[fault.code ?? ""] ?? [400, "the request is not HTTP"];
    const body = `${text}\n`;
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "Connection: close",
      "Content-Type: text/plain; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  });
}
