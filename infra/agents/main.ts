import { agentManifests, yamlStream } from "./manifests.ts";
import { BadFlag, HELP, readOptions } from "./read-options.ts";

try {
  const options = readOptions(process.argv.slice(2));
  process.stdout.write(options === "help" ? HELP : yamlStream(agentManifests(options)));
} catch (error) {
  if (!(error instanceof BadFlag)) throw error;
  process.stderr.write(`agents: ${error.message}\n`);
  process.exitCode = 2;
}
