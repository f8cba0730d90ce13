import { type TenantOf, tenantByCredential } from "../../lib/http/tenant-of.ts";
import { TracingError } from "../../lib/model/errors.ts";
import type { AccessTable } from "../../lib/runtime/access.ts";
import type { Log } from "../../lib/runtime/log.ts";
import type { Rate } from "../../lib/runtime/rates.ts";
import { readAccess } from "../../lib/runtime/read-access.ts";
import { reloadedFile } from "./reloaded-file.ts";
import { ACCESS_VARIABLE } from "./settings.ts";
import type { Settings } from "./settings-table.ts";
import { Usage } from "./usage.ts";

/** Who may do what, for each side. */
export interface Access {
  readonly ingest: TenantOf;
  readonly query: TenantOf;
  /** What a tenant may send. */
  rateOf(tenant: string): Rate | undefined;
  /** Whether nobody is asked for credentials. */
  readonly isOpen: boolean;
  close(): void;
}

/** The tenant of everyone, where nothing tells them apart. */
export const MAIN_TENANT = "default";

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** @throws Usage when the table is wrong, or when other machines could come in and nobody has said that they may */
export function openAccess({ access, host, isOpen }: Settings, env: NodeJS.ProcessEnv, log: Log): Access {
  const text = env[ACCESS_VARIABLE];
  if (access !== "" && text) throw new Usage(`--access ${access} and ${ACCESS_VARIABLE}: expected one of them`);
  if (access !== "") {
    const file = reloadedFile(access, readAccess, log);
    return byCredential(file.current, file.close);
  }
  if (text) {
    const table = stated(text);
    return byCredential(
      () => table,
      () => undefined,
    );
  }
  if (!isLoopback(host) && !isOpen)
    throw new Usage(
      `--host ${host}: other machines could send and read without a credential; expected --access with tokens (npm run token), or --open if that is meant`,
    );
  return {
    ingest: () => MAIN_TENANT,
    query: () => MAIN_TENANT,
    rateOf: () => undefined,
    isOpen: true,
    close: () => undefined,
  };
}

function stated(text: string): AccessTable {
  try {
    return readAccess(text, ACCESS_VARIABLE);
  } catch (error) {
    throw error instanceof TracingError ? new Usage(error.message) : error;
  }
}

const byCredential = (table: () => AccessTable, close: () => void): Access => ({
  ingest: tenantByCredential(table, "ingest"),
  query: tenantByCredential(table, "query"),
  rateOf: (tenant) => table().rates.get(tenant),
  isOpen: false,
  close,
});
