import { QUEUE_BYTES, QUEUE_FOLDER, type Section, TOKEN_FOLDER, TOKEN_KEY, VARIABLES } from "./collector.ts";
import { CONFIG_FILE, CONFIG_MAP, SETTINGS_MAP, TOKEN_SECRET } from "./manifest.ts";
import { type AgentOptions, type Mode, usesToken } from "./options.ts";
import { HEALTH_PORT, METRICS_PORT, RECEIVER_PORTS, SAMPLING_PORTS } from "./ports.ts";

/** The image's own user. */
export const USER = 10_001;

const CONFIG_FOLDER = "/etc/skua-agent";

/** No processor limit: an agent that is throttled loses UDP datagrams. Go is told to stay at 80 % of the memory. */
const SIZES: Readonly<Record<Mode, { cpu: string; memory: string; most: string; goMost: string }>> = {
  daemonset: { cpu: "50m", memory: "128Mi", most: "512Mi", goMost: "410MiB" },
  sidecar: { cpu: "20m", memory: "64Mi", most: "256Mi", goMost: "205MiB" },
  gateway: { cpu: "200m", memory: "256Mi", most: "1Gi", goMost: "820MiB" },
};

/** All that Pod Security's "restricted" asks of a container, and a root that nobody writes. */
export const RESTRICTED: Section = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

export function agentContainer(options: AgentOptions): Section {
  const { mode } = options;
  return {
    name: "agent",
    image: options.image,
    args: [`--config=${CONFIG_FOLDER}/${CONFIG_FILE}`],
    // A sidecar of this kind starts before the application and ends after it, so that the last spans are sent too.
    ...(mode === "sidecar" ? { restartPolicy: "Always" } : {}),
    env: agentEnv(options),
    envFrom: [{ configMapRef: { name: SETTINGS_MAP } }],
    ports: containerPorts(options),
    resources: agentResources(options),
    startupProbe: { ...probe(), periodSeconds: 2, failureThreshold: 30 },
    livenessProbe: { ...probe(), periodSeconds: 15, timeoutSeconds: 5 },
    ...(mode === "sidecar" ? {} : { readinessProbe: { ...probe(), periodSeconds: 10 } }),
    securityContext: RESTRICTED,
    volumeMounts: [{ name: "config", mountPath: CONFIG_FOLDER, readOnly: true }, ...agentMounts(options)],
  };
}

const probe = (): Section => ({ httpGet: { path: "/", port: HEALTH_PORT } });

export function agentResources({ mode }: AgentOptions): Section {
  const { cpu, memory, most } = SIZES[mode];
  return { requests: { cpu, memory, "ephemeral-storage": "64Mi" }, limits: { memory: most } };
}

export function agentEnv(options: AgentOptions): Section[] {
  const field = (name: string, fieldPath: string): Section => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const token = { secretKeyRef: { name: TOKEN_SECRET, key: TOKEN_KEY } };
  return [
    { name: "GOMEMLIMIT", value: SIZES[options.mode].goMost },
    field(VARIABLES.podIp, "status.podIP"),
    field(VARIABLES.podName, "metadata.name"),
    field(VARIABLES.podUid, "metadata.uid"),
    field(VARIABLES.namespace, "metadata.namespace"),
    field(VARIABLES.node, "spec.nodeName"),
    ...(usesToken(options) && options.strategies !== undefined ? [{ name: VARIABLES.token, valueFrom: token }] : []),
  ];
}

function containerPorts(options: AgentOptions): Section[] {
  const sampling = options.strategies === undefined ? [] : SAMPLING_PORTS;
  const hasHostPorts = options.mode === "daemonset" && options.network !== "service";
  return [
    ...[...RECEIVER_PORTS, ...sampling].map(({ name, port, protocol }) => ({
      ...{ name, containerPort: port, protocol },
      ...(hasHostPorts ? { hostPort: port } : {}),
    })),
    { name: "metrics", containerPort: METRICS_PORT, protocol: "TCP" },
    { name: "health", containerPort: HEALTH_PORT, protocol: "TCP" },
  ];
}

export function agentMounts(options: AgentOptions): Section[] {
  return [
    { name: "queue", mountPath: QUEUE_FOLDER.slice(0, QUEUE_FOLDER.lastIndexOf("/")) },
    ...(hasTokenFile(options) ? [{ name: "token", mountPath: TOKEN_FOLDER, readOnly: true }] : []),
  ];
}

/** What an agent's pod mounts besides its configuration. */
export function agentVolumes(options: AgentOptions): Section[] {
  return [
    { name: "queue", ...queueVolume(options) },
    ...(hasTokenFile(options) ? [{ name: "token", secret: { secretName: TOKEN_SECRET, defaultMode: 0o440 } }] : []),
  ];
}

export const configVolume = (): Section => ({ name: "config", configMap: { name: CONFIG_MAP } });

const hasTokenFile = ({ destination }: AgentOptions): boolean =>
  destination.to === "endpoint" && destination.auth === "token";

/** A DaemonSet's queue outlives its pods, on the node; the others' outlives their containers. Twice the queue, for it is copied when it shrinks. */
const queueVolume = ({ mode }: AgentOptions): Section =>
  mode === "daemonset"
    ? { hostPath: { path: "/var/lib/skua-agent", type: "DirectoryOrCreate" } }
    : { emptyDir: { sizeLimit: `${(2 * QUEUE_BYTES) / 1024 ** 2}Mi` } };
