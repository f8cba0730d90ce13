import { invalid } from "../model/errors.ts";
import { encodeMessage, type RpcStatus } from "./status.ts";

/** A message as it stands in a body. */
export interface Frame {
  readonly isCompressed: boolean;
  /** A part of the body itself. */
  readonly bytes: Uint8Array;
}

/** A flag and the length of what follows, big-endian (grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message"). */
export const FRAME_HEADER_BYTES = 5;
const COMPRESSED = 1;
/** Of the frame that ends an answer (grpc/doc/PROTOCOL-WEB.md). */
const TRAILERS = 0x80;

/**
 * The messages of a request's body.
 * @param most there may be so many. @throws invalid_argument, with the offset, where the body is anything else
 */
export function readFrames(body: Uint8Array, most: number): Frame[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const frames: Frame[] = [];
  for (let at = 0; at < body.length; ) {
    if (frames.length === most) throw invalid(`gRPC-web: a frame at byte ${at}: expected ${most} at most`);
    if (at + FRAME_HEADER_BYTES > body.length)
      throw invalid(`gRPC-web: the frame at byte ${at} is cut off within its header`);
    const flag = view.getUint8(at);
    if (flag > COMPRESSED) throw invalid(`gRPC-web: the frame at byte ${at} has flag ${flag}: expected 0 or 1`);
    const start = at + FRAME_HEADER_BYTES;
    const end = start + view.getUint32(at + 1);
    if (end > body.length)
      throw invalid(
        `gRPC-web: the frame at byte ${at} says ${end - start} bytes: there are ${body.length - start} more`,
      );
    frames.push({ isCompressed: flag === COMPRESSED, bytes: body.subarray(start, end) });
    at = end;
  }
  return frames;
}

export const messageFrame = (message: Uint8Array): Buffer<ArrayBuffer> => frame(0, message);

/** The end of an answer: trailers, in HTTP/1's words. */
export function trailerFrame({ code, message, details }: RpcStatus): Buffer<ArrayBuffer> {
  const lines = [`grpc-status:${code}`, `grpc-message:${encodeMessage(message)}`];
  if (details !== undefined)
    lines.push(`grpc-status-details-bin:${Buffer.from(details).toString("base64").replace(/=+$/, "")}`);
  return frame(TRAILERS, Buffer.from(lines.map((line) => `${line}\r\n`).join("")));
}

function frame(flag: number, content: Uint8Array): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + content.length);
  bytes.writeUInt8(flag, 0);
  bytes.writeUInt32BE(content.length, 1);
  bytes.set(content, FRAME_HEADER_BYTES);
  return bytes;
}

/** Clients write one; more than this is nobody who flushes now and then. */
const MAX_TEXT_PARTS = 1000;

/**
 * The bytes of a body that came as base64, for clients that can read nothing else as it arrives. Whoever writes it in
 * parts may pad each of them (grpc/doc/PROTOCOL-WEB.md, "text-encoded").
 */
export function decodeText(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const parts: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    if (parts.length === MAX_TEXT_PARTS) throw invalid(`gRPC-web: more than ${MAX_TEXT_PARTS} padded parts`);
    const padding = text.indexOf("=", at);
    // A part ends with the four characters that its padding stands in.
    const end = padding === -1 ? text.length : padding - ((padding - at) % 4) + 4;
    parts.push(decodePart(text.slice(at, end)));
    at = end;
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

function decodePart(part: string): Buffer {
  if (part.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(part))
    throw invalid("gRPC-web: the body is not base64, in fours");
  return Buffer.from(part, "base64");
}
