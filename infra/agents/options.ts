/** Where an agent stands: one a node, one in every pod, or a few for the cluster. */
export const MODES = ["daemonset", "sidecar", "gateway"] as const;
export type Mode = (typeof MODES)[number];

/** How pods reach the DaemonSet on their node. */
export const NETWORKS = ["host-port", "host-network", "service"] as const;
type Network = (typeof NETWORKS)[number];

/** Where spans go, and what the agent shows there. */
export type Destination =
  /** Skua's ingest endpoint, with a token from a Secret; `none` only where nobody is asked. */
  | { readonly to: "endpoint"; readonly url: string; readonly auth: "token" | "none" }
  /** The same, signed with the pod's own AWS credentials. */
  | { readonly to: "endpoint"; readonly url: string; readonly auth: "sigv4"; readonly region: string }
  /** Past ingest into the stream that others write. */
  | { readonly to: "stream"; readonly stream: string; readonly region: string };

export interface AgentOptions {
  readonly mode: Mode;
  readonly destination: Destination;
  /** URL of the strategies file; undefined: the agent answers no sampling questions. */
  readonly strategies: string | undefined;
  /** Of a DaemonSet. */
  readonly network: Network;
  /** As a resource of the OpenTelemetry operator; of a sidecar only. */
  readonly isOperator: boolean;
  /** Masks values that look like secrets before they leave the pod. */
  readonly isRedacting: boolean;
  /** Undefined: the one that it is applied to, of a sidecar. */
  readonly namespace: string | undefined;
  /** Of the pod's AWS credentials by IRSA; Pod Identity needs none here. */
  readonly roleArn: string | undefined;
  readonly image: string;
}

/** Contrib, because no smaller distribution has the sampling extension and SigV4. */
export const COLLECTOR_IMAGE = "docker.io/otel/opentelemetry-collector-contrib:0.161.0";

export const DEFAULT_NAMESPACE = "skua-agent";

/** Whether anything is asked with the Secret's token. */
export const usesToken = ({ destination, strategies }: AgentOptions): boolean =>
  destination.to === "endpoint" && destination.auth === "token"
    ? true
    : strategies !== undefined && !(destination.to === "endpoint" && destination.auth === "none");

/** Whether the pod needs AWS credentials of its own. */
export const usesAws = ({ destination }: AgentOptions): boolean =>
  destination.to === "stream" || destination.auth === "sigv4";
