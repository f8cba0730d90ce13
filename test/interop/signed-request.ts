import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

export interface SigningParty {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
  readonly region: string;
  readonly service: string;
}

/** An endpoint that checks the first request's signature by signing it again with AWS's own library. */
export async function signedBy(party: SigningParty) {
  const first = Promise.withResolvers<{ path: string; isRightlySigned: boolean }>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      const signed = isSigned(request, Buffer.concat(chunks), party);
      first.resolve(signed.then((isRightlySigned) => ({ path, isRightlySigned })));
      response.writeHead(200, { "Content-Type": "application/x-protobuf" }).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    first: first.promise,
    close: () => void server.close().closeAllConnections(),
  };
}

async function isSigned(request: IncomingMessage, body: Buffer, party: SigningParty): Promise<boolean> {
  const given = request.headers.authorization ?? "";
  const names = (/SignedHeaders=([^,]+)/.exec(given)?.[1] ?? "").split(";");
  const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name] ?? "")]));
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(request.headers["x-amz-date"])) ?? [];
  const signer = new SignatureV4({
    ...{ service: party.service, region: party.region, sha256: Sha256, applyChecksum: false },
    credentials: { accessKeyId: party.AWS_ACCESS_KEY_ID, secretAccessKey: party.AWS_SECRET_ACCESS_KEY },
  });
  const { headers: signed } = await signer.sign(
    { method: "POST", protocol: "http:", hostname: "127.0.0.1", path: request.url ?? "/", headers, body, query: {} },
    {
      signingDate: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`),
      signableHeaders: new Set(names),
      unsignableHeaders: new Set(),
    },
  );
  const signature = (header: string | undefined) => /Signature=([0-9a-f]{64})/.exec(header ?? "")?.[1];
  return signature(given) !== undefined && signature(given) === signature(signed.authorization);
}
