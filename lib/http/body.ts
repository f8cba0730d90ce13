import { promisify } from "node:util";
import { createZstdDecompress, gunzip, inflate, inflateRaw } from "node:zlib";
import { invalid, TracingError } from "../model/errors.ts";
import { MAX_BODY_BYTES } from "../runtime/limits.ts";

type Inflate = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const INFLATE: Readonly<Record<string, Inflate>> = {
  gzip: promisify(gunzip),
  zstd: inflateZstd,
  zlib: promisify(inflate),
  // HTTP's "deflate" is the zlib format (RFC 9110, 8.4.1.2), yet some clients send the bare stream.
  deflate: (body, options) => (hasZlibHeader(body) ? promisify(inflate) : promisify(inflateRaw))(body, options),
};

const hasZlibHeader = (body: Uint8Array): boolean => {
  const [first = 0, second = 0] = body;
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
};

/** Writers that flush write a frame each time; more than this is no batch of spans, and every frame costs an engine. */
const MAX_ZSTD_FRAMES = 1000;

/** Node's inflater ends after a frame, but a body may be several, and some to be skipped (RFC 8878, 3.1). */
async function inflateZstd(body: Uint8Array, { maxOutputLength }: { maxOutputLength: number }): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let at = 0; at < body.length; ) {
    if (parts.length === MAX_ZSTD_FRAMES) throw new Error(`more than ${MAX_ZSTD_FRAMES} frames`);
    const { buffer, consumed } = await inflateFrame(body.subarray(at), Math.max(1, maxOutputLength - size));
    size += buffer.length;
    if (size > maxOutputLength) throw tooLarge(maxOutputLength);
    parts.push(buffer);
    at += consumed;
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, size);
}

function inflateFrame(body: Uint8Array, maxOutputLength: number): Promise<{ buffer: Buffer; consumed: number }> {
  return new Promise((inflated, failed) => {
    const engine = createZstdDecompress();
    const parts: Buffer[] = [];
    let size = 0;
    engine.on("data", (part: Buffer) => {
      size += part.length;
      parts.push(part);
      if (size > maxOutputLength) engine.destroy(tooLarge(maxOutputLength));
    });
    engine.once("error", failed);
    engine.once("end", () => inflated({ buffer: Buffer.concat(parts, size), consumed: engine.bytesWritten }));
    engine.end(body);
  });
}

/**
 * The request's body, decompressed. Both the body as sent and what it inflates to stop at `maxBytes`, while they are
 * read, so that neither a long body nor a short one that swells can fill the memory.
 * Errors: too_large, unsupported (content encoding), invalid_argument (cut off or corrupt).
 */
export async function readBody(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Uint8Array> {
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  const isPlain = encoding === "identity" || encoding === "";
  if (!isPlain && INFLATE[encoding] === undefined) throw unsupported(encoding);
  const body = await collect(request, maxBytes);
  return isPlain || body.length === 0 ? body : await inflated(encoding, body, maxBytes);
}

/** What the bytes inflate to, up to `maxBytes`. @param encoding one that {@link readBody} takes, but for identity. Errors: its own */
export async function inflated(encoding: string, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const inflateBytes = INFLATE[encoding];
  if (inflateBytes === undefined) throw unsupported(encoding);
  try {
    return await inflateBytes(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof TracingError) throw cause;
    if (hasCode(cause, "ERR_BUFFER_TOO_LARGE")) throw tooLarge(maxBytes);
    throw invalid(`body is not valid ${encoding}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

const unsupported = (encoding: string): TracingError =>
  new TracingError("unsupported", `Content-Encoding ${encoding}: expected gzip, deflate, zlib, zstd or identity`);

async function collect(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof TracingError) throw cause;
    throw new TracingError("invalid_argument", `body was cut off after ${size} bytes`, { cause });
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
}

const tooLarge = (maxBytes: number): TracingError =>
  new TracingError("too_large", `body is larger than ${maxBytes} bytes after decompression; send smaller batches`);

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
