import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { signedBy } from "./tenant-of.ts";

/** What a function URL hands to its function: payload format 2.0, as far as it is read here. */
export interface FunctionUrlEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: {
    readonly domainName: string;
    readonly http: { readonly method: string };
    /** Who signed the request, where the URL asks for signatures. */
    readonly authorizer?: { readonly iam?: { readonly userArn: string } };
  };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

interface Prelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a function URL takes back from a function that answers at once. */
export interface FunctionUrlAnswer extends Prelude {
  readonly body: string;
  readonly isBase64Encoded: true;
}

/** An HTTP app: a Hono app is one. */
export interface App {
  fetch(request: Request): Response | Promise<Response>;
}

/** The global `awslambda` of Lambda's Node runtime. */
export interface StreamingRuntime {
  streamifyResponse(
    handler: (event: FunctionUrlEvent, sink: Writable) => Promise<void>,
  ): (event: FunctionUrlEvent) => Promise<unknown>;
  readonly HttpResponseStream: { from(sink: Writable, prelude: Prelude): Writable };
}

/** The app behind a function URL that is BUFFERED. */
export const bufferedHandler =
  (app: App) =>
  async (event: FunctionUrlEvent): Promise<FunctionUrlAnswer> => {
    const response = await app.fetch(toRequest(event));
    const body = Buffer.from(await response.arrayBuffer()).toString("base64");
    return { ...preludeOf(response), body, isBase64Encoded: true };
  };

/**
 * The app behind a function URL that is RESPONSE_STREAM. Where the runtime has no streaming (some emulators), the
 * answer is one string framed as the stream would be: the prelude, eight NULs, the body, which has to be text.
 */
export function streamingHandler(app: App, runtime: Partial<StreamingRuntime> = {}) {
  // The SDK makes an empty `awslambda` where there is none: only what stands in it tells.
  const { streamifyResponse, HttpResponseStream } = runtime;
  if (streamifyResponse === undefined || HttpResponseStream === undefined) return framedHandler(app);
  return streamedHandler(app, { streamifyResponse, HttpResponseStream });
}

const streamedHandler = (app: App, { streamifyResponse, HttpResponseStream }: StreamingRuntime) =>
  streamifyResponse(async (event, sink) => {
    const response = await app.fetch(toRequest(event));
    const stream = HttpResponseStream.from(sink, preludeOf(response));
    // The runtime sends the prelude with the first write, even an empty one; without any the status would be lost.
    stream.write("");
    await pipeline(response.body ?? [], stream);
  });

const framedHandler = (app: App) => async (event: FunctionUrlEvent) => {
  const response = await app.fetch(toRequest(event));
  return `${JSON.stringify(preludeOf(response))}${"\0".repeat(8)}${await response.text()}`;
};

const preludeOf = ({ status, headers }: Response): Prelude => ({
  statusCode: status,
  headers: Object.fromEntries(headers),
});

function toRequest(event: FunctionUrlEvent): Request {
  const request = plainRequest(event);
  const principal = event.requestContext.authorizer?.iam?.userArn;
  if (principal !== undefined) signedBy(request, principal);
  return request;
}

function plainRequest(event: FunctionUrlEvent): Request {
  const { rawPath, rawQueryString, headers, requestContext, body, isBase64Encoded } = event;
  const { method } = requestContext.http;
  const query = rawQueryString === "" ? "" : `?${rawQueryString}`;
  const url = `https://${requestContext.domainName}${rawPath}${query}`;
  // The Fetch standard allows GET and HEAD no body.
  if (body === undefined || method === "GET" || method === "HEAD") return new Request(url, { method, headers });
  return new Request(url, { method, headers, body: Buffer.from(body, isBase64Encoded ? "base64" : "utf8") });
}
