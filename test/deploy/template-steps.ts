import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Step } from "./tally.ts";

/** AWS's own judge of templates, from PyPI. */
const CFN_LINT = "1.58.0";

/** "Depends on something that it refers to anyway": CDK says so to be sure. */
const IGNORED = "W3005";

const run = promisify(execFile);

/** @param assembly where `cdk deploy` put the template; @param cache where programs are installed */
export function templateSteps(assembly: string, stacks: readonly string[], cache: string): Step[] {
  return [
    {
      name: "AWS's own rules for templates find nothing wrong with what was deployed",
      run: async () => {
        const environment = join(cache, `cfn-lint-${CFN_LINT}`);
        const program = join(environment, "bin", "cfn-lint");
        if (!existsSync(program)) {
          await run("python3", ["-m", "venv", environment]);
          const install = ["install", "--quiet", "--disable-pip-version-check", `cfn-lint==${CFN_LINT}`];
          await run(join(environment, "bin", "pip"), install);
        }
        for (const stack of stacks)
          await run(program, ["--ignore-checks", IGNORED, "--", join(assembly, `${stack}.template.json`)]);
      },
    },
  ];
}
