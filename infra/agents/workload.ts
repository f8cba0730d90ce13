import type { Section } from "./collector.ts";
import { agentContainer, agentVolumes, configVolume, RESTRICTED, USER } from "./container.ts";
import { LABELS, type Manifest, metadata, NAME, SELECTOR } from "./manifest.ts";
import type { AgentOptions } from "./options.ts";

/** Longer than a request's timeout and its first retry. */
const GRACE_SECONDS = 45;

/** Small, well known and with a shell, which the Collector's image has not. */
const SHELL_IMAGE = "docker.io/library/busybox:1.37";

/** The reader's own, by name. */
const APPLICATION = "app";

/**
 * The DaemonSet, the Deployment, or an application's Deployment with the agent beside it.
 * @param annotated the annotations of its pods, if there are any
 */
export function workload(options: AgentOptions, annotated: Section): Manifest {
  switch (options.mode) {
    case "daemonset":
      return daemonSet(options, annotated);
    case "gateway":
      return gateway(options, annotated);
    case "sidecar":
      return sidecar(options, annotated);
  }
}

const podSpec = (options: AgentOptions): Section => ({
  ...podBasics(options),
  serviceAccountName: NAME,
  containers: [agentContainer(options)],
});

const podBasics = (options: AgentOptions): Section => ({
  terminationGracePeriodSeconds: GRACE_SECONDS,
  securityContext: POD_SECURITY,
  nodeSelector: { "kubernetes.io/os": "linux" },
  volumes: [configVolume(), ...agentVolumes(options)],
});

const POD_SECURITY: Section = {
  runAsNonRoot: true,
  fsGroup: USER,
  seccompProfile: { type: "RuntimeDefault" },
};

function daemonSet(options: AgentOptions, annotated: Section): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: metadata(options.namespace),
    spec: {
      selector: { matchLabels: SELECTOR },
      // Two agents of one node would fight for its ports and its queue: the old one goes first.
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%", maxSurge: 0 } },
      template: {
        metadata: { labels: LABELS, ...annotated },
        spec: {
          ...podSpec(options),
          priorityClassName: "system-node-critical",
          tolerations: [{ operator: "Exists" }],
          ...(options.network === "host-network" ? { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" } : {}),
          initContainers: [ownQueueFolder()],
        },
      },
    },
  };
}

/** The kubelet makes the folder on the node for root; only this container, with this one capability, gives it away. */
const ownQueueFolder = (): Section => ({
  name: "own-queue-folder",
  image: SHELL_IMAGE,
  command: ["chown", `${USER}:${USER}`, "/queue"],
  resources: { requests: { cpu: "10m", memory: "8Mi" }, limits: { memory: "32Mi" } },
  securityContext: {
    ...RESTRICTED,
    runAsNonRoot: false,
    runAsUser: 0,
    runAsGroup: 0,
    capabilities: { drop: ["ALL"], add: ["CHOWN"] },
  },
  volumeMounts: [{ name: "queue", mountPath: "/queue" }],
});

function gateway(options: AgentOptions, annotated: Section): Manifest {
  const labelSelector = { matchLabels: SELECTOR };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(options.namespace),
    // How many there are is the HorizontalPodAutoscaler's to say.
    spec: {
      selector: labelSelector,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: LABELS, ...annotated },
        spec: {
          ...podSpec(options),
          topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
            ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector },
          })),
        },
      },
    },
  };
}

function sidecar(options: AgentOptions, annotated: Section): Manifest {
  const labels = { "app.kubernetes.io/name": APPLICATION };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...metadata(options.namespace), name: APPLICATION, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...annotated },
        spec: {
          ...podBasics(options),
          ...(options.roleArn === undefined ? {} : { serviceAccountName: NAME }),
          automountServiceAccountToken: false,
          initContainers: [agentContainer(options)],
          containers: [application()],
        },
      },
    },
  };
}

/** Stands for the reader's own: the image is named by kustomize or by hand. */
const application = (): Section => ({
  name: APPLICATION,
  image: "app",
  env: [
    { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "http://localhost:4318" },
    { name: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "http/protobuf" },
    { name: "JAEGER_AGENT_HOST", value: "localhost" },
    { name: "JAEGER_AGENT_PORT", value: "6831" },
    { name: "JAEGER_SAMPLING_ENDPOINT", value: "http://localhost:5778/sampling" },
  ],
  resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
  securityContext: RESTRICTED,
});
