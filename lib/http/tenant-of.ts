import { type AccessTable, authenticate, type Scope } from "../runtime/access.ts";

/** Whoever asks, by what he shows. */
type Caller = Pick<Request, "headers">;

/** Whose data a request may bring or see. Throws unauthenticated or permission_denied. */
export type TenantOf = (caller: Caller) => string | Promise<string>;

/** The IAM principal that signed a request, where something in front of us has checked the signature. Never a header: those anyone can send. */
const principals = new WeakMap<Caller, string>();

/** @param principal ARN of the user or the role's session */
export const signedBy = (request: Request, principal: string): void => {
  principals.set(request, principal);
};

/** Tells tenants by the request's credential, which must hold the scope. @param table asked each time, for tokens are rotated */
export const tenantByCredential =
  (table: () => AccessTable | Promise<AccessTable>, scope: Scope): TenantOf =>
  async (caller) => {
    const authorization = caller.headers.get("authorization") ?? undefined;
    return authenticate(await table(), { authorization, principal: principals.get(caller) }, scope);
  };
