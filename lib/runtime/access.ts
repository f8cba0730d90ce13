import { createHash, timingSafeEqual } from "node:crypto";
import { TracingError } from "../model/errors.ts";
import type { Rate } from "./rates.ts";

/** What a credential may do: send spans, read them, change what a tenant is served with. */
export const SCOPES = ["ingest", "query", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

interface Grant {
  readonly tenant: string;
  readonly scopes: readonly Scope[];
}

export interface AccessTable {
  /** `sha256`: of the whole token, 32 bytes. Several may stand for one tenant, so that tokens can be rotated. */
  readonly tokens: readonly (Grant & { readonly sha256: Uint8Array })[];
  /** ARN of an IAM user or role session; one `*` at the end stands for any rest. */
  readonly principals: readonly (Grant & { readonly principal: string })[];
  /** By tenant; one that has none may send as much as it can. */
  readonly rates: ReadonlyMap<string, Rate>;
}

/** What a caller shows. */
export interface Credential {
  /** The header of that name (RFC 9110, 11.6.2): Bearer with a token, or Basic with a token as password. */
  readonly authorization: string | undefined;
  /** ARN of whoever signed the request, checked before it came here. */
  readonly principal: string | undefined;
}

export const sha256 = (token: string): Buffer => createHash("sha256").update(token).digest();

/** The tenant that a caller speaks for. Throws unauthenticated when he shows nothing that we know, permission_denied when it lacks the scope. */
export function authenticate(table: AccessTable, credential: Credential, scope: Scope): string {
  const grant = grantOf(table, credential);
  if (!grant.scopes.includes(scope))
    throw new TracingError(
      "permission_denied",
      `the credential has the scopes ${grant.scopes.join(", ")}: expected ${scope}`,
    );
  return grant.tenant;
}

function grantOf({ tokens, principals }: AccessTable, { authorization, principal }: Credential): Grant {
  // A signature stands in the same header as a token would, and has been checked already.
  if (principal !== undefined) {
    const grant = principals.find((known) => matches(known.principal, principal));
    if (grant === undefined)
      throw new TracingError(
        "permission_denied",
        `principal ${principal} stands for no tenant: expected one of the map`,
      );
    return grant;
  }
  const shown = sha256(tokenOf(authorization));
  let grant: Grant | undefined;
  // All are compared, whichever matches: how long it takes tells nothing.
  for (const known of tokens) if (timingSafeEqual(known.sha256, shown)) grant = known;
  if (grant === undefined) throw unauthenticated("the token is not known, or no longer");
  return grant;
}

const matches = (pattern: string, arn: string): boolean =>
  pattern.endsWith("*") ? arn.startsWith(pattern.slice(0, -1)) : arn === pattern;

function tokenOf(authorization: string | undefined): string {
  if (authorization === undefined)
    throw unauthenticated("no Authorization header: expected Bearer or Basic with a token");
  const [, scheme = "", value = ""] = /^(\S+) +(\S+)$/.exec(authorization.trim()) ?? [];
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() === "basic") return passwordOf(value);
  throw unauthenticated("the Authorization header is neither Bearer nor Basic with one value");
}

/** Of `user:password` the password, for clients that take a URL with userinfo and no header; the user where there is none. */
function passwordOf(base64: string): string {
  const userinfo = Buffer.from(base64, "base64").toString("utf8");
  const colon = userinfo.indexOf(":");
  const password = colon < 0 ? "" : userinfo.slice(colon + 1);
  return password === "" ? userinfo.slice(0, colon < 0 ? undefined : colon) : password;
}

const unauthenticated = (message: string): TracingError => new TracingError("unauthenticated", message);
