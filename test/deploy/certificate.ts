import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Certificate {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}

/** A self-signed certificate for this machine's own names and for every function URL of the region. */
export async function makeCertificate(folder: string, region: string): Promise<Certificate> {
  const paths = { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
  const config = join(folder, "openssl.cnf");
  const names = `DNS:localhost,DNS:*.localhost,IP:127.0.0.1,DNS:*.lambda-url.${region}.on.aws`;
  await writeFile(
    config,
    `[req]\nprompt=no\ndistinguished_name=name\nx509_extensions=more\n[name]\nCN=localhost\n[more]\nsubjectAltName=${names}\n`,
  );
  const { certificate, key } = paths;
  const make = ["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "2"];
  await promisify(execFile)("openssl", [...make, "-config", config, "-keyout", key, "-out", certificate]);
  return paths;
}
