import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** As much of S3 as a quarantine is written with: puts, at the path /BUCKET/KEY. */
export async function objectStore() {
  const objects = new Map<string, Buffer>();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "PUT") objects.set(decodeURIComponent(pathname), await buffer(request));
    response.writeHead(request.method === "PUT" ? 200 : 501).end();
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** By path. */
    objects,
    close: () => new Promise((done) => server.close(done)),
  };
}
