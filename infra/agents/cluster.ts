import type { Section } from "./collector.ts";
import { LABELS, type Manifest, metadata, NAME, SELECTOR } from "./manifest.ts";
import { type AgentOptions, usesAws } from "./options.ts";
import { type AgentPort, METRICS_PORT, RECEIVER_PORTS, SAMPLING_PORTS } from "./ports.ts";

/** A DaemonSet mounts a folder of the node, which only "privileged" allows; a gateway needs nothing. */
export function namespace({ mode, namespace: name }: AgentOptions): Manifest {
  const level = mode === "daemonset" ? "privileged" : "restricted";
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: name ?? NAME, labels: { ...LABELS, "pod-security.kubernetes.io/enforce": level } },
  };
}

export function serviceAccount(options: AgentOptions): Manifest {
  const { namespace, roleArn } = options;
  const annotations = roleArn === undefined ? {} : { annotations: { "eks.amazonaws.com/role-arn": roleArn } };
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata(namespace, annotations) };
}

/** What k8s_attributes asks for with the attributes that we have it add, and nothing else. */
export function podReader({ namespace }: AgentOptions): readonly Manifest[] {
  const api = "rbac.authorization.k8s.io";
  return [
    {
      apiVersion: `${api}/v1`,
      kind: "ClusterRole",
      metadata: metadata(undefined),
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
    },
    {
      apiVersion: `${api}/v1`,
      kind: "ClusterRoleBinding",
      metadata: metadata(undefined),
      roleRef: { apiGroup: api, kind: "ClusterRole", name: NAME },
      subjects: [{ kind: "ServiceAccount", name: NAME, namespace: namespace ?? NAME }],
    },
  ];
}

const openPorts = ({ strategies }: AgentOptions): readonly AgentPort[] => [
  ...RECEIVER_PORTS,
  ...(strategies === undefined ? [] : SAMPLING_PORTS),
];

/** @param isLocal whether it leads to the caller's own node only */
export function service(options: AgentOptions, isLocal: boolean): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(options.namespace),
    spec: {
      selector: SELECTOR,
      ...(isLocal ? { internalTrafficPolicy: "Local" } : {}),
      ports: openPorts(options).map(({ name, port, protocol }) => ({ name, port, targetPort: name, protocol })),
    },
  };
}

/** In from any pod to the receivers; out to names, to the cluster's API and to where the spans go. */
export function networkPolicy(options: AgentOptions): Manifest {
  const tcp = (port: number): Section => ({ port, protocol: "TCP" });
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metadata(options.namespace),
    spec: {
      podSelector: { matchLabels: SELECTOR },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [{ namespaceSelector: {} }],
          ports: [...openPorts(options).map(({ port, protocol }) => ({ port, protocol })), tcp(METRICS_PORT)],
        },
      ],
      egress: [
        // Wherever names are told: a cache on the node is in no namespace.
        { ports: [tcp(53), { port: 53, protocol: "UDP" }] },
        { ports: [...new Set([443, 6443, ...destinationPorts(options)])].map(tcp) },
        ...(usesAws(options) ? [{ to: CREDENTIALS, ports: [tcp(80)] }] : []),
      ],
    },
  };
}

/** Where EKS Pod Identity's agent hands them out. */
const CREDENTIALS = ["169.254.170.23/32", "fd00:ec2::23/128"].map((cidr) => ({ ipBlock: { cidr } }));

function destinationPorts({ destination, strategies }: AgentOptions): number[] {
  const urls = [...(destination.to === "endpoint" ? [destination.url] : []), ...(strategies ? [strategies] : [])];
  return urls.map((url) => new URL(url)).map(({ port, protocol }) => Number(port) || (protocol === "http:" ? 80 : 443));
}

/** Two replicas at least, for one of them may be on a node that goes. */
export function autoscaler({ namespace }: AgentOptions): Manifest {
  const target = (name: string, averageUtilization: number): Section => ({
    type: "Resource",
    resource: { name, target: { type: "Utilization", averageUtilization } },
  });
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: metadata(namespace),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: NAME },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [target("cpu", 70)],
      // A replica that goes takes its queue with it: it should have had the time to empty it.
      behavior: {
        scaleDown: { stabilizationWindowSeconds: 600, policies: [{ type: "Pods", value: 1, periodSeconds: 120 }] },
      },
    },
  };
}

export function disruptionBudget({ namespace }: AgentOptions): Manifest {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metadata(namespace),
    spec: { maxUnavailable: 1, selector: { matchLabels: SELECTOR } },
  };
}
