import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { answerUnreadable, MAX_HEADER_BYTES } from "./unreadable-request.ts";
import { Usage } from "./usage.ts";

export type Answer = (request: Request) => Response | Promise<Response>;

export interface DoorParts {
  readonly host: string;
  readonly port: number;
  /** The flag that names the port, for the one line that is printed when it is taken. */
  readonly flag: string;
}

/** One listening port. It opens before there is anything behind it, so that a port that is taken is known at once. */
export interface Door {
  /** With the port that was really taken. */
  readonly url: string;
  /** Until this is called, requests are answered with 503. @param onEnd told how long an answer took to its end, milliseconds */
  serve(answer: Answer, onEnd?: (millis: number) => void): void;
  /** Takes no new connections, lets requests finish for `waitMillis`, then cuts them off. */
  close(waitMillis: number): Promise<void>;
}

/** While connections drain: those that fall idle are closed this often. */
const IDLE_CHECK_MILLIS = 50;

/**
 * How long a connection may lie idle. Longer than any client keeps one that it means to use again (a minute is usual): Node's own
 * five seconds meet exporters just as they send their next batch, which then fails on a connection that is being closed.
 */
const KEEP_ALIVE_MILLIS = 75_000;

/** What a request is for that names no host: HTTP/1.0 need not, and simple probes speak it. */
const NO_HOST = "localhost";

const starting: Answer = () =>
  new Response("starting", { status: 503, headers: { "Retry-After": "1", "Content-Type": "text/plain" } });

export async function openDoor({ host, port, flag }: DoorParts): Promise<Door> {
  let answer = starting;
  let onEnd: ((millis: number) => void) | undefined;
  const listener = getRequestListener((request) => answer(request), { hostname: NO_HOST, errorHandler: fault });
  const limits = { keepAliveTimeout: KEEP_ALIVE_MILLIS, maxHeaderSize: MAX_HEADER_BYTES };
  const server = createServer(limits, (incoming, outgoing) => {
    if (onEnd !== undefined) {
      const [tell, begun] = [onEnd, performance.now()];
      outgoing.once("close", () => tell(performance.now() - begun));
    }
    void listener(incoming, outgoing);
  });
  answerUnreadable(server);
  const taken = await listen(server, { host, port, flag });
  return {
    url: urlOf(host, taken),
    serve(next, tell) {
      answer = next;
      onEnd = tell;
    },
    async close(waitMillis) {
      const closed = once(server, "close");
      server.close();
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MILLIS);
      const late = setTimeout(() => server.closeAllConnections(), waitMillis);
      await closed;
      clearInterval(idle);
      clearTimeout(late);
    },
  };
}

/** Takes the port, and returns the one that was really taken. @throws Usage, naming the flag, when nothing can listen there */
export async function listen(server: Server, { host, port, flag }: DoorParts): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    if (isOfHost(error)) throw new Usage(`--host ${host}: not an address of this machine`, 1);
    throw portFault(error, { host, port, flag });
  }
  const address = server.address();
  return (typeof address === "object" ? address?.port : undefined) ?? port;
}

export const urlOf = (host: string, port: number): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

function fault(error: unknown): Response {
  return error instanceof RequestError
    ? new Response("the request's target or its Host is no URL\n", { status: 400 })
    : new Response("internal error\n", { status: 500 });
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

/** An address that is not ours, or a name that nobody knows or nobody can be asked about. */
const isOfHost = (error: unknown): boolean =>
  ["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN", "EINVAL"].some((code) => code === codeOf(error));

/** What to tell whoever named the port, when nothing can listen on it. */
export const portFault = (error: unknown, { host, port, flag }: DoorParts): Usage =>
  new Usage(`--${flag} ${port}: ${whyNot(error, host)}`, 1);

function whyNot(error: unknown, host: string): string {
  const code = codeOf(error);
  if (code === "EADDRINUSE") return `the port is taken on ${host}; free it or name another`;
  if (code === "EACCES") return "this user may not listen on it; name a port from 1024 up";
  return error instanceof Error ? error.message : String(error);
}
