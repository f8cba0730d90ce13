import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { TracingError } from "../model/errors.ts";
import type { AccessTable } from "./access.ts";
import { readAccess } from "./read-access.ts";

/** The one place where a Secrets Manager client is made. */
export const secretsClient = (): SecretsManagerClient => new SecretsManagerClient({});

export interface AccessSecretParts {
  readonly client: SecretsManagerClient;
  /** Name or ARN. */
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Told when the secret cannot be read, or holds no table, while an older one is still good. */
  readonly onFault: (error: unknown) => void;
}

/** A token that is taken out is good for so much longer in a warm process; each asks the secret so often. */
const FRESH_MILLIS = 60_000;

/** The table of access as a secret holds it. Rejects with unavailable as long as none was ever read. */
export function accessSecret({ client, secret, clock, onFault }: AccessSecretParts): () => Promise<AccessTable> {
  let table: AccessTable | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<AccessTable> | undefined;

  async function read(): Promise<AccessTable> {
    const { SecretString = "" } = await client.send(new GetSecretValueCommand({ SecretId: secret }));
    return readAccess(SecretString, `secret ${secret}`);
  }

  async function refreshed(): Promise<AccessTable> {
    try {
      table = await read();
    } catch (cause) {
      if (table === undefined)
        throw new TracingError("unavailable", "credentials cannot be checked just now", { cause });
      onFault(cause);
    } finally {
      reading = undefined;
    }
    // One that failed is not asked again for every request either.
    readAt = clock();
    return table;
  }

  return async () => {
    if (table !== undefined && clock() - readAt < FRESH_MILLIS) return table;
    reading ??= refreshed();
    return reading;
  };
}

/** Replaces what a secret holds by what `change` makes of it. Two at the same moment may lose one: Secrets Manager has no condition. */
export async function changeSecret(
  client: SecretsManagerClient,
  secret: string,
  change: (text: string) => string,
): Promise<void> {
  const { SecretString = "" } = await client.send(new GetSecretValueCommand({ SecretId: secret }));
  await client.send(new PutSecretValueCommand({ SecretId: secret, SecretString: change(SecretString) }));
}
