import { stringify } from "yaml";
import { awsDashboard } from "./aws-dashboard.ts";
import { prometheusFile, rulesFile } from "./rules.ts";
import { serverDashboard } from "./server-dashboard.ts";
import { providersFile, sourcesFile } from "./sources.ts";

/** Where the rules say that their runbooks are, unless somebody says better. */
export const DOCS = "docs";

/** Everything that Prometheus and Grafana are given, by path. @param docs where docs/ stands for those who are woken */
export function grafanaFiles(docs: string): ReadonlyMap<string, string> {
  return new Map([
    ["prometheus/prometheus.yaml", yaml(prometheusFile)],
    ["prometheus/rules.yaml", yaml(rulesFile(docs))],
    ["provisioning/datasources/skua.yaml", yaml(sourcesFile)],
    ["provisioning/dashboards/skua.yaml", yaml(providersFile)],
    ["dashboards/server.json", json(serverDashboard())],
    ["dashboards/aws.json", json(awsDashboard())],
  ]);
}

const yaml = (value: object): string => stringify(value, { lineWidth: 0 });
const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
