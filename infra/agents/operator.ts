import { collectorConfig } from "./collector.ts";
import { agentEnv, agentMounts, agentResources, agentVolumes, RESTRICTED } from "./container.ts";
import { type Manifest, metadata, SETTINGS_MAP } from "./manifest.ts";
import type { AgentOptions } from "./options.ts";

/**
 * The sidecar as the OpenTelemetry operator injects it: into every pod of the namespace whose template has the annotation
 * `sidecar.opentelemetry.io/inject: skua-agent`.
 */
export function operatorSidecar(options: AgentOptions): Manifest {
  return {
    apiVersion: "opentelemetry.io/v1beta1",
    kind: "OpenTelemetryCollector",
    metadata: metadata(options.namespace),
    spec: {
      mode: "sidecar",
      image: options.image,
      config: collectorConfig(options),
      env: agentEnv(options),
      envFrom: [{ configMapRef: { name: SETTINGS_MAP } }],
      resources: agentResources(options),
      securityContext: RESTRICTED,
      volumeMounts: agentMounts(options),
      volumes: agentVolumes(options),
    },
  };
}
