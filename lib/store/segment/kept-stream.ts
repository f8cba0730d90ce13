/** The parts of Node's compressing streams that npm too keeps them open by, through minizlib. */
interface OpenStream {
  _handle: { close(): void } | null;
  _processChunk(bytes: Uint8Array, flush: number): Uint8Array;
  removeAllListeners(event: string): unknown;
}

function isOpenStream(stream: object): stream is OpenStream {
  if (!("_processChunk" in stream && typeof stream._processChunk === "function" && "_handle" in stream)) return false;
  const { _handle: handle } = stream;
  return typeof handle === "object" && handle !== null && "close" in handle && typeof handle.close === "function";
}

/**
 * One of Node's zlib streams, used again and again: what zlib's synchronous calls do, without a fresh compressor for each.
 * What comes out is valid until the next call. After a fault it is of no further use.
 *
 * @param flush zlib's way to end a chunk
 * @returns undefined where a Node's streams work otherwise
 */
export function keptStream(stream: object, flush: number): ((bytes: Uint8Array) => Uint8Array) | undefined {
  if (!isOpenStream(stream)) return undefined;
  const { _handle: handle } = stream;
  if (handle === null) return undefined;
  // A chunk that is processed by itself closes the stream after it.
  handle.close = () => {};
  return (bytes) => {
    const made = stream._processChunk(bytes, flush);
    stream._handle = handle;
    stream.removeAllListeners("error");
    return made;
  };
}
