import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { buffer } from "node:stream/consumers";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Door {
  /** Every name is reached on 127.0.0.1 at this port. */
  readonly port: number;
  readonly region: string;
  /** Path of the certificate to trust. */
  readonly certificate: string;
}

export interface Call {
  readonly url: string;
  /** As the signature names it: lambda for a function URL. */
  readonly service: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Not signed when absent. */
  readonly credentials?: Credentials;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The same, as UTF-8. */
  readonly text: string;
}

/** Sends one request over TLS and HTTP/1.1 to the URL's own name, wherever the emulator listens. */
export async function send(door: Door, call: Call): Promise<Answer> {
  const url = new URL(call.url);
  const { credentials, body } = call;
  const unsigned = {
    method: call.method ?? (body === undefined ? "GET" : "POST"),
    protocol: "https:",
    hostname: url.hostname,
    path: url.pathname,
    query: queryOf(url),
    headers: { host: url.hostname, ...call.headers },
    ...(body === undefined ? {} : { body }),
  };
  const headers =
    credentials === undefined
      ? unsigned.headers
      : (await signer(door, call.service, credentials).sign(unsigned)).headers;
  const ca = await readFile(door.certificate);
  return new Promise((resolve, reject) => {
    const options = {
      method: unsigned.method,
      host: "127.0.0.1",
      port: door.port,
      servername: url.hostname,
      path: url.pathname + url.search,
      headers,
      ca,
    };
    const sent = request(options, async (response) => {
      try {
        const body = await buffer(response);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString() });
      } catch (error) {
        reject(error);
      }
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

const signer = ({ region }: Door, service: string, credentials: Credentials) =>
  new SignatureV4({ service, region, credentials, sha256: Sha256 });

function queryOf(url: URL): Record<string, string[]> {
  const query: Record<string, string[]> = {};
  for (const name of url.searchParams.keys()) query[name] = url.searchParams.getAll(name);
  return query;
}
