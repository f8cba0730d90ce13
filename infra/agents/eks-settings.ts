import type { Node } from "constructs";
import { z } from "zod";
import { contextUnder } from "../context-under.ts";
import type { AgentOptions } from "./options.ts";
import { readOptions } from "./read-options.ts";

const text = (regex: RegExp, expected: string) => z.string(`expected ${expected}`).regex(regex, `expected ${expected}`);

/** As flags of `npm run agents`, which judges them. */
const flag = z.coerce.string().optional();

const Context = z.strictObject({
  /** Name of a cluster that is there. */
  cluster: text(/^[0-9A-Za-z][\w-]{0,99}$/, "a cluster's name"),
  /** Its version; kubectl may be one minor version away. */
  kubernetes: text(/^1\.\d\d$/, "a version such as 1.34"),
  /** May do all in the cluster, and trusts Lambda; without it a role is made, and the cluster told to let it in. */
  kubectlRole: text(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/, "arn:aws:iam::ACCOUNT:role/NAME").optional(),
  /** The cluster's, for IRSA; without it pods get AWS credentials by EKS Pod Identity. */
  oidcProvider: text(
    /^arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/\S+$/,
    "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER",
  ).optional(),
  /** What an agent that signs may call. */
  ingestFunction: text(
    /^arn:aws[a-z-]*:lambda:[\w-]+:\d{12}:function:\S+$/,
    "the ARN of the ingest function",
  ).optional(),
  ...{ mode: flag, endpoint: flag, auth: flag, stream: flag, region: flag },
  ...{ network: flag, namespace: flag, strategies: flag, image: flag },
  redact: z.enum(["true", "false"], "expected true or false").default("false"),
});

export type EksSettings = Pick<
  z.output<typeof Context>,
  "cluster" | "kubernetes" | "kubectlRole" | "oidcProvider" | "ingestFunction"
> & {
  readonly agent: AgentOptions & { readonly namespace: string };
};

const PREFIX = "skua-agents:";

/** From CDK context: `-c skua-agents:cluster=blue`. A value or a name that is not known stops the synthesis. */
export function readEksSettings(node: Node): EksSettings {
  const parsed = Context.safeParse(contextUnder(node, PREFIX));
  if (!parsed.success) throw new Error(parsed.error.issues.map(explain).join("\n"));
  const { cluster, kubernetes, kubectlRole, oidcProvider, ingestFunction, redact, ...flags } = parsed.data;
  const options = readOptions([
    ...Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value])),
    ...(redact === "true" ? ["--redact"] : []),
  ]);
  if (options === "help" || options.namespace === undefined)
    throw new Error(
      `${PREFIX}mode: expected daemonset or gateway; a sidecar stands in its application's own manifests`,
    );
  const { destination, namespace } = options;
  if (destination.to === "endpoint" && destination.auth === "sigv4" && ingestFunction === undefined)
    throw new Error(`${PREFIX}ingestFunction: expected the ARN of the ingest function, which a signed request calls`);
  return { cluster, kubernetes, kubectlRole, oidcProvider, ingestFunction, agent: { ...options, namespace } };
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return `${issue.keys.map((name) => PREFIX + name).join(", ")}: no such setting`;
  return `${PREFIX}${issue.path.join(".")}: ${issue.message}`;
}
