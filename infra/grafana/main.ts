import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { printCommand } from "../operate/command.ts";
import { DOCS, grafanaFiles } from "./files.ts";

const HELP = `npm run grafana -- [flags]

Writes Grafana's data sources and dashboards, and Prometheus' rules. docs/operate.md says where they go.

  --docs URL     where docs/ of this version stands, for the rules' runbook links; default ${DOCS}
  --out FOLDER   default infra/grafana
  --help, -h
`;

await printCommand("grafana", run);

function run(args: readonly string[]): string {
  const { values } = parseArgs({
    args: [...args],
    options: {
      docs: { type: "string", default: DOCS },
      out: { type: "string", default: import.meta.dirname },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return HELP;
  const files = grafanaFiles(values.docs.replace(/\/$/, ""));
  for (const [name, text] of files) {
    const path = join(values.out, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return `${files.size} files under ${values.out}\n`;
}
