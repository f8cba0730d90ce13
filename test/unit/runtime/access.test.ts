import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { type AccessTable, authenticate, type Credential, type Scope } from "../../../lib/runtime/access.ts";
import { readAccess } from "../../../lib/runtime/read-access.ts";

/** Digests below: `printf %s token-of-acme | sha256sum`, and so on. */
const ACME = "token-of-acme";
const ROOK = "token-of-rook";
const TABLE: AccessTable = readAccess(
  JSON.stringify({
    tokens: [
      {
        sha256: "ee7fb2e2e1b8d3cc9ba0a1a93e2a6a4b6ef7d4c06ffc0fe8a8f2dc7b7bd4ba52",
        tenant: "other",
        scopes: ["ingest"],
      },
      {
        sha256: "80f196a8c8fcbdecce7c3c1d44bcd50539617f29e98e5162ca24f75c693e1936",
        tenant: "acme",
        scopes: ["ingest", "query"],
        note: "made in May",
      },
      { sha256: "3e6cfeab11bbd46f1f6fee5c316a9ff43981c6ef532bb27aa636037e967ed731", tenant: "rook", scopes: ["query"] },
    ],
    principals: [
      { principal: "arn:aws:sts::1:assumed-role/agents/*", tenant: "acme", scopes: ["ingest"] },
      { principal: "arn:aws:iam::1:user/ada", tenant: "rook", scopes: ["query"] },
    ],
  }),
  "the table",
);

const shown = (authorization: string | undefined, principal?: string): Credential => ({ authorization, principal });
const basic = (userinfo: string): string => `Basic ${Buffer.from(userinfo).toString("base64")}`;

function faultOf(credential: Credential, scope: Scope): [string, string] {
  try {
    return ["tenant", authenticate(TABLE, credential, scope)];
  } catch (error) {
    if (error instanceof TracingError) return [error.code, error.message];
    throw error;
  }
}

describe("a credential", () => {
  it("speaks for the tenant it is bound to, in every form a client can send a token", () => {
    for (const authorization of [
      `Bearer ${ACME}`,
      `bearer  ${ACME}`,
      basic(`anyone:${ACME}`),
      basic(`${ACME}:`),
      basic(ACME),
    ])
      expect(authenticate(TABLE, shown(authorization), "ingest"), authorization).toBe("acme");
  });

  it("does what its scopes say and nothing else", () => {
    expect(faultOf(shown(`Bearer ${ROOK}`), "query")).toEqual(["tenant", "rook"]);
    expect(faultOf(shown(`Bearer ${ROOK}`), "ingest")).toEqual([
      "permission_denied",
      "the credential has the scopes query: expected ingest",
    ]);
    expect(faultOf(shown(`Bearer ${ACME}`), "admin")[0]).toBe("permission_denied");
  });

  it("is asked for when none, or none of ours, is shown", () => {
    for (const authorization of [undefined, "", "Bearer", "Bearer ", `Digest ${ACME}`, ACME, `Bearer ${ACME} more`])
      expect(faultOf(shown(authorization), "ingest")[0], String(authorization)).toBe("unauthenticated");
  });

  it("is never told from one that differs in a single character by anything but its digest", () => {
    fc.assert(
      fc.property(fc.nat(ACME.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, other) => {
        const guess = ACME.slice(0, at) + other + ACME.slice(at + 1);
        fc.pre(guess !== ACME);
        expect(faultOf(shown(`Bearer ${guess}`), "ingest")[0]).toBe("unauthenticated");
      }),
    );
  });

  it("may be a signature, which decides alone", () => {
    const agent = "arn:aws:sts::1:assumed-role/agents/i-0abc";
    expect(authenticate(TABLE, shown("AWS4-HMAC-SHA256 Credential=…", agent), "ingest")).toBe("acme");
    expect(faultOf(shown(`Bearer ${ACME}`, "arn:aws:iam::1:user/bob"), "ingest")[0]).toBe("permission_denied");
    expect(faultOf(shown(undefined, "arn:aws:iam::1:user/ada2"), "query")[0]).toBe("permission_denied");
    expect(faultOf(shown(undefined, "arn:aws:iam::1:user/ada"), "query")).toEqual(["tenant", "rook"]);
  });
});

describe("the table of access", () => {
  it.each([
    ["{", "the file: expected JSON"],
    ["[]", "the file: the whole"],
    [
      '{"tokens":[{"sha256":"ab","tenant":"a","scopes":["query"]}]}',
      "the file: tokens.0.sha256: expected 64 hex digits",
    ],
    [`{"tokens":[{"sha256":"${"0".repeat(64)}","tenant":"a#b","scopes":["query"]}]}`, "the file: tokens.0.tenant"],
    [
      `{"tokens":[{"sha256":"${"0".repeat(64)}","tenant":"a","scopes":["write"]}]}`,
      "tokens.0.scopes.0: expected one or more of ingest, query, admin",
    ],
    [`{"tokens":[{"sha256":"${"0".repeat(64)}","tenant":"a","scopes":[]}]}`, "tokens.0.scopes: expected one or more"],
    [
      '{"principals":[{"principal":"arn:aws:*:x","tenant":"a","scopes":["query"]}]}',
      "principals.0.principal: expected an ARN",
    ],
    ['{"token":[]}', "the file"],
  ])("%s is refused with the path of what is wrong", (text, message) => {
    expect(() => readAccess(text, "the file")).toThrow(message);
  });

  it("says what each tenant may send", () => {
    const { rates } = readAccess('{"limits":[{"tenant":"acme","spansPerSecond":1000}]}', "the file");
    expect([rates.get("acme"), rates.get("rook")]).toEqual([{ spansPerSecond: 1000 }, undefined]);
    expect(() => readAccess('{"limits":[{"tenant":"acme","maxAttributes":1.5}]}', "the file")).toThrow(
      "the file: limits.0.maxAttributes: expected an integer above 0",
    );
    const most = readAccess('{"limits":[{"tenant":"acme","maxRequestBytes":1000000}]}', "the file");
    expect(most.rates.get("acme")).toEqual({ maxRequestBytes: 1_000_000 });
    expect(() => readAccess('{"limits":[{"tenant":"acme","maxRequestBytes":0}]}', "the file")).toThrow(
      "the file: limits.0.maxRequestBytes: expected an integer above 0",
    );
    expect(() => readAccess('{"limits":[{"tenant":"acme","spansPerSecond":0}]}', "the file")).toThrow(
      "the file: limits.0.spansPerSecond: expected a number above 0",
    );
  });

  it("never repeats what may be a token", () => {
    try {
      readAccess('{"tokens":[{"sha256":"a-whole-token","tenant":"a","scopes":["query"]}]}', "the file");
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain("a-whole-token");
    }
  });
});
