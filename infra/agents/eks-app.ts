import { App } from "aws-cdk-lib";
import type { ILayerVersion } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { readEksSettings } from "./eks-settings.ts";
import { AgentStack } from "./eks-stack.ts";

/** npx cdk deploy --app 'node infra/agents/eks-app.ts' -c skua-agents:cluster=NAME …: docs/agents.md. */
const app = new App();
const settings = readEksSettings(app.node);
const minor = settings.kubernetes.replace("1.", "");
const name = `@aws-cdk/lambda-layer-kubectl-v${minor}`;

/** 37 MB that only this needs, and of another version for each cluster: whoever needs it installs it. */
async function kubectlLayer(): Promise<(scope: Construct) => ILayerVersion> {
  const found: Readonly<Record<string, new (scope: Construct, id: string) => ILayerVersion>> = await import(name).catch(
    () => ({}),
  );
  const Layer = found[`KubectlV${minor}Layer`];
  if (Layer === undefined) throw new Error(`${name} is not installed: npm install --no-save ${name}`);
  return (scope) => new Layer(scope, "KubectlLayer");
}

new AgentStack(app, `Skua-agents-${settings.cluster}`, { settings, kubectlLayer: await kubectlLayer() });
