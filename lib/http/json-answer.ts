import { pipeline, Readable } from "node:stream";
import { constants, createBrotliCompress, createGzip, createZstdCompress } from "node:zlib";
import { indenter } from "../jaeger/indent.ts";

/** Shorter answers fit one packet as they are. */
const MIN_COMPRESSED_CHARS = 1024;

/** Best first: smaller and faster. At these levels compressing is faster than most networks. */
const ENCODERS = {
  zstd: () => createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: () => createGzip({ level: 5 }),
} as const;
type Coding = keyof typeof ENCODERS;
const CODINGS: readonly Coding[] = ["zstd", "br", "gzip"];

/**
 * JSON that is sent while it is made. `?prettyPrint` indents it; who accepts zstd, br or gzip gets it compressed, unless
 * it is short.
 */
export async function jsonAnswer(request: Request, pieces: AsyncGenerator<string>): Promise<Response> {
  const source = isPretty(request) ? indented(pieces) : pieces;
  let head = "";
  let isAll = false;
  while (head.length < MIN_COMPRESSED_CHARS && !isAll) {
    const { done, value } = await source.next();
    if (done) isAll = true;
    else head += value;
  }
  const headers = new Headers({ "Content-Type": "application/json", Vary: "Accept-Encoding" });
  headers.set("X-Content-Type-Options", "nosniff");
  if (isAll) return new Response(head, { headers });
  const coding = codingFor(request.headers.get("accept-encoding") ?? "");
  if (coding !== undefined) headers.set("Content-Encoding", coding);
  if (request.method === "HEAD") {
    await source.return(undefined);
    return new Response(null, { headers });
  }
  const text = Readable.from(utf8(head, source), { objectMode: false });
  return new Response(Readable.toWeb(coding === undefined ? text : encoded(text, coding)), { headers });
}

/** An answer that is known whole. */
export async function* whole(text: string): AsyncGenerator<string> {
  yield text;
}

function isPretty(request: Request): boolean {
  const value = new URL(request.url).searchParams.get("prettyPrint") ?? "";
  return value !== "" && value !== "false";
}

async function* indented(pieces: AsyncGenerator<string>): AsyncGenerator<string> {
  const indent = indenter();
  for await (const piece of pieces) yield indent(piece);
}

async function* utf8(head: string, rest: AsyncGenerator<string>): AsyncGenerator<Uint8Array> {
  try {
    yield Buffer.from(head);
    for await (const piece of rest) yield Buffer.from(piece);
  } finally {
    await rest.return(undefined);
  }
}

function encoded(text: Readable, coding: Coding): Readable {
  const encoder = ENCODERS[coding]();
  // A fault, or a reader that leaves, ends both; who reads the body is told of the fault there.
  pipeline(text, encoder, () => undefined);
  return encoder;
}

/** RFC 9110, 12.5.3. A coding that is not named is not used: "*" comes from clients that care for none. */
function codingFor(acceptEncoding: string): Coding | undefined {
  const accepted = new Set<string>();
  for (const part of acceptEncoding.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    if (!parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) accepted.add(name);
  }
  return CODINGS.find((coding) => accepted.has(coding));
}
