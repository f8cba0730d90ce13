import { Client, type ClientOptions, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";

/** A client of one gRPC server that sends and reads bytes. */
export interface RawClient {
  /** What a call comes to: the answer's bytes, or the error that the library makes of its status. */
  unary(path: string, request: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<Buffer | ServiceError>;
  /** All answers of a call, and then its status. */
  stream(path: string, request: Uint8Array, onAnswer: (bytes: Buffer) => void): Promise<number>;
  close(): void;
}

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const asIs = (bytes: Buffer): Buffer => bytes;

export function rawClient(url: string, options: ClientOptions = {}): RawClient {
  const client = new Client(new URL(url).host, credentials.createInsecure(), options);
  return {
    unary: (path, request, headers = {}) =>
      new Promise((resolve) => {
        const metadata = new Metadata();
        for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
        const call = { deadline: Date.now() + 20_000 };
        client.makeUnaryRequest(path, toBuffer, asIs, request, metadata, call, (error, answer) =>
          resolve(error ?? answer ?? Buffer.alloc(0)),
        );
      }),
    stream: (path, request, onAnswer) =>
      new Promise((resolve) => {
        const call = client.makeServerStreamRequest(path, toBuffer, asIs, request);
        call.on("data", onAnswer);
        call.on("error", () => undefined);
        call.on("status", ({ code }: { code: number }) => resolve(code));
      }),
    close: () => client.close(),
  };
}
