import { createHash } from "node:crypto";
import { stringify } from "yaml";
import {
  autoscaler,
  disruptionBudget,
  namespace,
  networkPolicy,
  podReader,
  service,
  serviceAccount,
} from "./cluster.ts";
import { collectorConfig, collectorSettings, type Section } from "./collector.ts";
import { CONFIG_FILE, CONFIG_MAP, type Manifest, metadata, SETTINGS_MAP } from "./manifest.ts";
import { operatorSidecar } from "./operator.ts";
import type { AgentOptions } from "./options.ts";
import { workload } from "./workload.ts";

/** Everything of an agent, in the order in which it can be applied; only the Secret with the token is the reader's own. */
export function agentManifests(options: AgentOptions): readonly Manifest[] {
  const maps = configMaps(options);
  const sum = createHash("sha256").update(JSON.stringify(maps)).digest("hex").slice(0, 16);
  // A pod reads its configuration once: a change of it has to change the pod.
  const [first, ...rest] = resources(options, { annotations: { "skua/config": sum } });
  return first?.kind === "Namespace" ? [first, ...maps, ...rest] : [...maps, ...(first ? [first] : []), ...rest];
}

/** The same without the ConfigMaps, which kustomize generates. */
export const kustomizedManifests = (options: AgentOptions): readonly Manifest[] => resources(options, {});

function resources(options: AgentOptions, annotated: Section): readonly Manifest[] {
  const { mode, network, isOperator, roleArn } = options;
  if (mode === "sidecar" && isOperator) return [operatorSidecar(options)];
  if (mode === "sidecar")
    return [...(roleArn === undefined ? [] : [serviceAccount(options)]), workload(options, annotated)];
  const common = [namespace(options), serviceAccount(options), ...podReader(options), workload(options, annotated)];
  if (mode === "gateway")
    return [
      ...common,
      ...[service(options, false), autoscaler(options), disruptionBudget(options), networkPolicy(options)],
    ];
  return [
    ...common,
    ...(network === "service" ? [service(options, true)] : []),
    // None holds for pods in the node's own network.
    ...(network === "host-network" ? [] : [networkPolicy(options)]),
  ];
}

function configMaps(options: AgentOptions): readonly Manifest[] {
  const map = (name: string, data: Readonly<Record<string, string>>): Manifest => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { ...metadata(options.namespace), name },
    data,
  });
  const settings = map(SETTINGS_MAP, collectorSettings(options));
  if (options.isOperator) return [settings];
  return [settings, map(CONFIG_MAP, { [CONFIG_FILE]: yamlText(collectorConfig(options)) })];
}

/** One document. Without anchors: what is written twice is meant twice. */
export const yamlText = (value: Section): string => stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });

export const yamlStream = (manifests: readonly Manifest[]): string => manifests.map(yamlText).join("---\n");
