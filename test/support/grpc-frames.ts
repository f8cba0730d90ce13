/** A message as gRPC frames it: a flag, a length, the bytes (grpc/doc/PROTOCOL-HTTP2.md). */
export function grpcFrame(message: Uint8Array, flag = 0): Buffer<ArrayBuffer> {
  const hex = message.length.toString(16).padStart(8, "0");
  return Buffer.concat([Buffer.from([flag]), Buffer.from(hex, "hex"), message]);
}

export interface WebAnswer {
  readonly messages: readonly Buffer[];
  readonly trailers: Readonly<Record<string, string>>;
}

/** What stands in the body of an answer over gRPC-web. Throws where that is anything but whole frames, with trailers last. */
export function readWebAnswer(body: Uint8Array): WebAnswer {
  const messages: Buffer[] = [];
  let rest = Buffer.from(body);
  for (;;) {
    const flag = rest[0];
    const length = Number.parseInt(rest.subarray(1, 5).toString("hex"), 16);
    const content = rest.subarray(5, 5 + length);
    if (content.length !== length) throw new Error(`cut off: ${content.length} of ${length} bytes`);
    rest = rest.subarray(5 + length);
    if (flag === 0) messages.push(content);
    else if (flag === 0x80 && rest.length === 0) return { messages, trailers: trailersOf(content.toString("latin1")) };
    else throw new Error(`flag ${flag} before ${rest.length} more bytes`);
  }
}

function trailersOf(text: string): Record<string, string> {
  if (!/^([a-z-]+:[ -~]*\r\n)*$/.test(text)) throw new Error(`not trailers: ${JSON.stringify(text)}`);
  return Object.fromEntries(
    text
      .split("\r\n")
      .filter((line) => line !== "")
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}
