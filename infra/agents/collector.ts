import type { AgentOptions, Destination } from "./options.ts";
import { usesToken } from "./options.ts";
import { HEALTH_PORT, METRICS_PORT } from "./ports.ts";

/** Any value that stands in a Collector's configuration. */
type Value = string | number | boolean | null | readonly Value[] | Section;
export interface Section {
  readonly [name: string]: Value;
}

/** Variables that the configuration reads, so that one text serves every endpoint. */
export const VARIABLES = {
  endpoint: "SKUA_ENDPOINT",
  strategies: "SKUA_STRATEGIES",
  stream: "SKUA_STREAM",
  region: "AWS_REGION",
  token: "SKUA_TOKEN",
  podIp: "MY_POD_IP",
  podName: "MY_POD_NAME",
  podUid: "MY_POD_UID",
  namespace: "MY_NAMESPACE",
  node: "MY_NODE_NAME",
} as const;

/** Where the pod has the queue's folder and the token's. */
export const QUEUE_FOLDER = "/var/lib/skua-agent/queue";
export const TOKEN_FOLDER = "/var/run/secrets/skua";
export const TOKEN_KEY = "token";

/** Seconds between two looks at the strategies file. */
const RELOAD = "60s";

/** On disk, before compression; at 560 bytes a span some 900,000 spans. */
export const QUEUE_BYTES = 512 * 1024 * 1024;

/** A request that a function can take (6 MB of base64 at most), with room for one large span more. */
const REQUEST_BYTES = { least: 256 * 1024, most: 1_500_000 };

const env = (name: string): string => `\${env:${name}}`;

/** The configuration of an agent's OpenTelemetry Collector. */
export function collectorConfig(options: AgentOptions): Section {
  const exporter = options.destination.to === "stream" ? "awskinesis" : "otlp_http";
  return {
    receivers: receivers(options),
    processors: processors(options),
    exporters: { [exporter]: { ...target(options.destination), ...QUEUE } },
    extensions: extensions(options),
    service: {
      extensions: Object.keys(extensions(options)),
      pipelines: {
        traces: {
          receivers: Object.keys(receivers(options)),
          processors: Object.keys(processors(options)),
          exporters: [exporter],
        },
      },
      telemetry: {
        // At "info" the sampling extension logs its URL, and the token stands in it.
        logs: { level: "warn" },
        metrics: {
          readers: [{ pull: { exporter: { prometheus: { host: podAddress(), port: METRICS_PORT } } } }],
        },
      },
    },
  };
}

const podAddress = (): string => env(VARIABLES.podIp);

/** A sidecar is there for its own pod only. The brackets let an IPv6 address stand there too. */
const at = ({ mode }: AgentOptions, port: number): string =>
  mode === "sidecar" ? `localhost:${port}` : `[${podAddress()}]:${port}`;

function receivers(options: AgentOptions): Section {
  const endpoint = (port: number): Section => ({ endpoint: at(options, port) });
  return {
    otlp: {
      protocols: {
        grpc: { ...endpoint(4317), ...(options.mode === "gateway" ? SPREAD : {}) },
        http: endpoint(4318),
      },
    },
    jaeger: {
      protocols: {
        grpc: endpoint(14_250),
        thrift_http: endpoint(14_268),
        thrift_compact: endpoint(6831),
        thrift_binary: endpoint(6832),
      },
    },
    zipkin: endpoint(9411),
  };
}

/** A gRPC connection stays with one replica for ever: closing it now and then lets new replicas have their share. */
const SPREAD: Section = { keepalive: { server_parameters: { max_connection_age: "60s" } } };

/** In the order in which they run. */
function processors(options: AgentOptions): Section {
  return {
    memory_limiter: { check_interval: "1s", limit_percentage: 80, spike_limit_percentage: 25 },
    ...(options.mode === "sidecar" ? { resource: OWN_POD } : { k8s_attributes: k8sAttributes(options) }),
    ...(options.isRedacting ? { redaction: REDACTION } : {}),
  };
}

/**
 * Of the pods alone, so that the agent need see nothing else: a Deployment's name comes from its ReplicaSet's. Without
 * rules of ours a pod is found by its attribute k8s.pod.ip, by `ip`, which Jaeger's clients send (UDP tells no address),
 * or by its connection.
 */
const k8sAttributes = ({ mode }: AgentOptions): Section => ({
  ...(mode === "daemonset" ? { filter: { node_from_env_var: VARIABLES.node } } : {}),
  extract: {
    metadata: ["k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.deployment.name", "k8s.node.name"],
  },
});

/** A sidecar knows whose spans it takes without asking the cluster. */
const OWN_POD: Section = {
  attributes: [
    ["k8s.namespace.name", VARIABLES.namespace],
    ["k8s.pod.name", VARIABLES.podName],
    ["k8s.pod.uid", VARIABLES.podUid],
    ["k8s.node.name", VARIABLES.node],
  ].map(([key = "", variable = ""]) => ({ key, value: env(variable), action: "insert" })),
};

/** Values of keys that name a secret, and values that look like one wherever they stand. */
const REDACTION: Section = {
  allow_all_keys: true,
  blocked_key_patterns: ["(?i).*(password|passwd|secret|token|api[_-]?key|authorization|cookie).*"],
  blocked_values: [
    // Payment cards: Visa, Mastercard, American Express.
    "\\b4[0-9]{12}(?:[0-9]{3})?\\b",
    "\\b5[1-5][0-9]{14}\\b",
    "\\b3[47][0-9]{13}\\b",
    // JSON web tokens.
    "\\beyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*",
  ],
  summary: "info",
};

function target(destination: Destination): Section {
  if (destination.to === "stream")
    return {
      aws: { stream_name: env(VARIABLES.stream), region: env(VARIABLES.region) },
      encoding: { name: "otlp_proto", compression: "gzip" },
    };
  const { auth } = destination;
  return {
    endpoint: env(VARIABLES.endpoint),
    compression: "gzip",
    ...(auth === "none" ? {} : { auth: { authenticator: auth === "token" ? "bearertokenauth" : "sigv4auth" } }),
  };
}

/** Nothing is given up while there is room on the disk; when there is none, senders are told. */
const QUEUE: Section = {
  timeout: "20s",
  retry_on_failure: { enabled: true, initial_interval: "1s", max_interval: "30s", max_elapsed_time: "0s" },
  sending_queue: {
    enabled: true,
    storage: "file_storage",
    sizer: "bytes",
    queue_size: QUEUE_BYTES,
    num_consumers: 4,
    batch: { flush_timeout: "1s", sizer: "bytes", min_size: REQUEST_BYTES.least, max_size: REQUEST_BYTES.most },
  },
};

function extensions(options: AgentOptions): Section {
  return {
    health_check: { endpoint: `[${podAddress()}]:${HEALTH_PORT}` },
    file_storage: {
      directory: QUEUE_FOLDER,
      create_directory: true,
      // A file that a crash has damaged is set aside, and the agent starts.
      recreate: true,
      compaction: { on_rebound: true, directory: QUEUE_FOLDER },
    },
    ...authenticator(options.destination),
    ...(options.strategies === undefined ? {} : { jaegerremotesampling: sampling(options) }),
  };
}

function authenticator(destination: Destination): Section {
  if (destination.to === "stream" || destination.auth === "none") return {};
  if (destination.auth === "token") return { bearertokenauth: { filename: `${TOKEN_FOLDER}/${TOKEN_KEY}` } };
  // It does not know function URLs, and would take the service and the region from the host's name.
  return { sigv4auth: { service: "lambda", region: env(VARIABLES.region) } };
}

const sampling = (options: AgentOptions): Section => ({
  source: { reload_interval: RELOAD, file: env(VARIABLES.strategies) },
  http: { endpoint: at(options, 5778) },
  grpc: { endpoint: at(options, 5779) },
});

/** What the variables that hold no secret are set to. The token stands in the URL by reference: the extension has no other place for it. */
export function collectorSettings(options: AgentOptions): Readonly<Record<string, string>> {
  const { destination, strategies } = options;
  return {
    ...(destination.to === "stream"
      ? { [VARIABLES.stream]: destination.stream }
      : { [VARIABLES.endpoint]: destination.url }),
    ...("region" in destination ? { [VARIABLES.region]: destination.region } : {}),
    ...(strategies === undefined
      ? {}
      : { [VARIABLES.strategies]: usesToken(options) ? withToken(strategies) : strategies }),
  };
}

const withToken = (url: string): string => url.replace("://", `://agent:${env(VARIABLES.token)}@`);
