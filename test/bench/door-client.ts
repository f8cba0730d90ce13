// Sends what it is handed to a gRPC server, again whenever it is told to: a process of its own, so that only the server's CPU is counted.
import { rawClient } from "../support/grpc-client.ts";

const AT_ONCE = 4;
const GZIP = { "grpc.default_compression_algorithm": 2 };

process.once("message", ({ url, path, bodies }: { url: string; path: string; bodies: string[] }) => {
  const client = rawClient(url, GZIP);
  const requests = bodies.map((body) => Buffer.from(body, "base64"));
  process.on("message", () => {
    const left = [...requests];
    const lane = async (): Promise<void> => {
      for (let request = left.pop(); request !== undefined; request = left.pop()) {
        const answer = await client.unary(path, request);
        if (answer instanceof Error) throw answer;
      }
    };
    void Promise.all(Array.from({ length: AT_ONCE }, lane)).then(() => process.send?.("sent"));
  });
  process.send?.("ready");
});
