import { parseArgs } from "node:util";
import { STRATEGIES_PATH } from "../../lib/http/sampling.ts";
import {
  type AgentOptions,
  COLLECTOR_IMAGE,
  DEFAULT_NAMESPACE,
  type Destination,
  MODES,
  type Mode,
  NETWORKS,
} from "./options.ts";

/** A flag that does not say what it has to. */
export class BadFlag extends Error {}

export const HELP = `npm run --silent agents -- --mode MODE --endpoint URL [flags] | kubectl apply -f -

Prints the Kubernetes manifests of an OpenTelemetry Collector that takes spans where applications are and forwards them.

Where it stands:
  --mode MODE        daemonset: one a node; sidecar: one in every pod; gateway: a few for the cluster
  --namespace NAME   default ${DEFAULT_NAMESPACE}; of a sidecar where it is applied
  --network NETWORK  how pods reach a daemonset: host-port (default), host-network, service
  --operator         a sidecar as a resource of the OpenTelemetry operator, which injects it
  --image IMAGE      default ${COLLECTOR_IMAGE}

Where spans go:
  --endpoint URL     Skua's ingest URL
  --auth AUTH        token (default): from the Secret skua-agent-token, key token; sigv4: the pod's AWS credentials;
                     none: only where nobody is asked
  --stream NAME      instead of --endpoint: straight into the Kinesis stream that others write
  --region REGION    of --stream, or of the endpoint with --auth sigv4
  --role-arn ARN     the pod's AWS role by IRSA; EKS Pod Identity needs no flag

What it does:
  --strategies URL   the sampling strategies file to answer Jaeger's clients from, asked with the token; default
                     ENDPOINT${STRATEGIES_PATH} with a token, else none; none: no sampling ports
  --redact           masks values that look like secrets
  --help, -h
`;

const OPTIONS = {
  mode: { type: "string" },
  namespace: { type: "string" },
  network: { type: "string" },
  operator: { type: "boolean" },
  image: { type: "string" },
  endpoint: { type: "string" },
  auth: { type: "string" },
  stream: { type: "string" },
  region: { type: "string" },
  "role-arn": { type: "string" },
  strategies: { type: "string" },
  redact: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Flags = ReturnType<typeof parse>;

/** @throws BadFlag, its message naming the flag, its value and what was expected */
export function readOptions(argv: readonly string[]): AgentOptions | "help" {
  const flags = parse(argv);
  if (flags.help === true) return "help";
  const mode = oneOf("mode", flags.mode, MODES);
  const destination = readDestination(flags);
  onlyFor(mode, flags);
  return {
    mode,
    destination,
    strategies: readStrategies(flags, destination),
    network: oneOf("network", flags.network ?? "host-port", NETWORKS),
    isOperator: flags.operator === true,
    isRedacting: flags.redact === true,
    namespace: readNamespace(flags, mode),
    roleArn: flags["role-arn"] === undefined ? undefined : matching("role-arn", flags["role-arn"], ROLE_ARN),
    image: matching("image", flags.image ?? COLLECTOR_IMAGE, IMAGE),
  };
}

function readNamespace({ namespace }: Flags, mode: Mode): string | undefined {
  if (namespace === undefined && mode === "sidecar") return undefined;
  return matching("namespace", namespace ?? DEFAULT_NAMESPACE, NAMESPACE);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Its first sentence names the argument; what follows guesses at what was meant.
    const [reason] = (error instanceof Error ? error.message : String(error)).split(/[.\n](?:\s|$)/);
    throw new BadFlag(`${reason}; --help lists the flags`);
  }
}

interface Pattern {
  readonly regex: RegExp;
  readonly expected: string;
}
const NAMESPACE = { regex: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, expected: "1 to 63 of a-z 0-9 -" };
const ROLE_ARN = { regex: /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/, expected: "arn:aws:iam::ACCOUNT:role/NAME" };
const IMAGE = { regex: /^[a-z0-9][\w./:@-]*$/, expected: "an image such as docker.io/name:tag" };
const STREAM = { regex: /^[\w.-]{1,128}$/, expected: "1 to 128 of a-z A-Z 0-9 _ . -" };
const REGION = { regex: /^[a-z]{2}(-[a-z]+)+-\d$/, expected: "a region such as eu-central-1" };

function matching(flag: string, value: string, { regex, expected }: Pattern): string {
  if (regex.test(value)) return value;
  throw new BadFlag(`--${flag} ${JSON.stringify(value)}: expected ${expected}`);
}

function oneOf<T extends string>(flag: string, value: string | undefined, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new BadFlag(
    `--${flag} ${value === undefined ? "is missing" : JSON.stringify(value)}: expected ${known.join(", ")}`,
  );
}

function readDestination(flags: Flags): Destination {
  const { endpoint, stream } = flags;
  if ((endpoint === undefined) === (stream === undefined))
    throw new BadFlag("--endpoint, --stream: expected one of them");
  if (stream !== undefined) {
    if (flags.auth !== undefined) throw new BadFlag("--auth: a --stream is always written with AWS credentials");
    return { to: "stream", stream: matching("stream", stream, STREAM), region: readRegion(flags) };
  }
  const auth = oneOf("auth", flags.auth ?? "token", ["token", "sigv4", "none"]);
  const url = readUrl("endpoint", endpoint ?? "");
  if (auth === "sigv4") return { to: "endpoint", url, auth, region: readRegion(flags) };
  if (flags.region !== undefined) throw new BadFlag(`--region: only --stream and --auth sigv4 have one`);
  return { to: "endpoint", url, auth };
}

function readRegion({ region }: Flags): string {
  if (region === undefined) throw new BadFlag("--region is missing: expected the region of the stream or the endpoint");
  return matching("region", region, REGION);
}

/** Without a slash at its end, for paths are added. */
function readUrl(flag: string, text: string): string {
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search + url.hash === "";
  if (isPlain) return url.href.replace(/\/+$/, "");
  throw new BadFlag(`--${flag} ${JSON.stringify(text)}: expected an http or https URL without credentials or query`);
}

/** A file that is not there keeps a Collector from starting: it is only asked for where it is known to be. */
function readStrategies({ strategies }: Flags, destination: Destination): string | undefined {
  if (strategies === "none") return undefined;
  if (strategies !== undefined) return readUrl("strategies", strategies);
  return destination.to === "endpoint" && destination.auth === "token" ? destination.url + STRATEGIES_PATH : undefined;
}

function onlyFor(mode: Mode, flags: Flags): void {
  if (flags.network !== undefined && mode !== "daemonset")
    throw new BadFlag(`--network: only --mode daemonset has one`);
  if (flags.operator === true && mode !== "sidecar") throw new BadFlag(`--operator: expected --mode sidecar with it`);
}
