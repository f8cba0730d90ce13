import * as z from "zod/mini";
import { invalid } from "../model/errors.ts";
import { type AccessTable, SCOPES, sha256 } from "./access.ts";
import { TENANT_NAME, TENANT_NAME_EXPECTED } from "./tenant-name.ts";

const tenant = z.string("expected a name").check(z.regex(TENANT_NAME, `expected ${TENANT_NAME_EXPECTED}`));

const SCOPES_EXPECTED = `expected one or more of ${SCOPES.join(", ")}`;
const scopes = z.array(z.enum(SCOPES, SCOPES_EXPECTED), SCOPES_EXPECTED).check(z.minLength(1, SCOPES_EXPECTED));

const RATE = "expected a number above 0";
const rate = z.number(RATE).check(z.positive(RATE));

const MOST = "expected an integer above 0";
const most = z.int(MOST).check(z.positive(MOST));

/** Of the tenant of a deployment that has no other. */
const FIRST_TENANT = "default";
const FIRST_EXPECTED = "expected a text of at least 32 characters";

const Table = z.strictObject({
  /** A deployment's first token, as a secret that was generated holds it: it sends and reads. */
  firstToken: z.optional(z.string(FIRST_EXPECTED).check(z.minLength(32, FIRST_EXPECTED))),
  tokens: z._default(
    z.array(
      z.strictObject({
        sha256: z.string("expected 64 hex digits").check(z.regex(/^[0-9a-f]{64}$/, "expected 64 hex digits")),
        tenant,
        scopes,
        /** For people: whose it is, when it was made. */
        note: z.optional(z.string("expected a text")),
      }),
    ),
    [],
  ),
  limits: z._default(
    z.array(
      z.strictObject({
        tenant,
        spansPerSecond: z.optional(rate),
        bytesPerSecond: z.optional(rate),
        /** Of one request, as OTLP's protobuf and not compressed. */
        maxRequestBytes: z.optional(most),
        /** Of a span, event, link, resource or scope. */
        maxAttributes: z.optional(most),
        /** Of one attribute. */
        maxValueBytes: z.optional(most),
      }),
    ),
    [],
  ),
  principals: z._default(
    z.array(
      z.strictObject({
        principal: z
          .string("expected an ARN")
          .check(z.regex(/^arn:[^*]+\*?$/, "expected an ARN, at most with one * at its end")),
        tenant,
        scopes,
      }),
    ),
    [],
  ),
});

/**
 * The table of who may do what, as JSON: `{"tokens": [{"sha256", "tenant", "scopes", "note"?}], "principals": [{"principal",
 * "tenant", "scopes"}], "limits": [{"tenant",
 * "spansPerSecond"?, "bytesPerSecond"?, "maxRequestBytes"?, "maxAttributes"?, "maxValueBytes"?}], "firstToken"?}`. Throws invalid_argument with the path of what is wrong, and never shows a value: it may be a token.
 * @param source what to call the text: a file's or a variable's name
 */
export function readAccess(text: string, source: string): AccessTable {
  const parsed = Table.safeParse(parseJson(text, source));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(
      `${source}: ${issue?.path.join(".") || "the whole"}: ${issue?.message ?? "expected a table of access"}`,
    );
  }
  const { firstToken, tokens, principals, limits } = parsed.data;
  const first: AccessTable["tokens"] =
    firstToken === undefined ? [] : [{ sha256: sha256(firstToken), tenant: FIRST_TENANT, scopes: ["ingest", "query"] }];
  return {
    tokens: [...first, ...tokens.map(({ sha256, ...grant }) => ({ ...grant, sha256: Buffer.from(sha256, "hex") }))],
    principals,
    rates: new Map(limits.map(({ tenant, ...rate }) => [tenant, rate])),
  };
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`${source}: expected JSON`);
  }
}
