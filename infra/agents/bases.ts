import { collectorConfig, collectorSettings } from "./collector.ts";
import { CONFIG_FILE, CONFIG_MAP, SETTINGS_MAP } from "./manifest.ts";
import { kustomizedManifests, yamlStream, yamlText } from "./manifests.ts";
import type { AgentOptions } from "./options.ts";
import { readOptions } from "./read-options.ts";

/** Stands where the reader's own has to. */
const ENDPOINT = "https://ingest.example";

/** Every base, by the flags that print the same. */
const BASES: Readonly<Record<string, readonly string[]>> = {
  daemonset: ["--mode", "daemonset"],
  gateway: ["--mode", "gateway"],
  sidecar: ["--mode", "sidecar"],
  "sidecar-operator": ["--mode", "sidecar", "--operator"],
};

export const BASES_FOLDER = "infra/agents/base";

/** The kustomize bases: text by path below their folder. */
export function bases(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, flags] of Object.entries(BASES)) {
    const options = readOptions([...flags, "--endpoint", ENDPOINT]);
    if (options === "help") throw new Error(`${name}: these flags ask for help`);
    for (const [file, text] of baseFiles(options)) files.set(`${name}/${file}`, text);
  }
  return files;
}

const NOTE = "# Written by npm run agents:bases; change infra/agents/*.ts instead.\n";

function baseFiles(options: AgentOptions): ReadonlyMap<string, string> {
  const settings = Object.entries(collectorSettings(options)).map(([name, value]) => `${name}=${value}`);
  const hasConfigMap = !options.isOperator;
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    resources: ["agent.yaml"],
    configMapGenerator: [
      { name: SETTINGS_MAP, literals: settings },
      ...(hasConfigMap ? [{ name: CONFIG_MAP, files: [CONFIG_FILE] }] : []),
    ],
    // kustomize does not know where the operator's resources name a ConfigMap.
    ...(hasConfigMap ? {} : { generatorOptions: { disableNameSuffixHash: true } }),
  };
  return new Map([
    ["kustomization.yaml", NOTE + yamlText(kustomization)],
    ["agent.yaml", NOTE + yamlStream(kustomizedManifests(options))],
    ...(hasConfigMap ? [[CONFIG_FILE, NOTE + yamlText(collectorConfig(options))] as const] : []),
  ]);
}
