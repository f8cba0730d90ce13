import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { LayerVersion } from "aws-cdk-lib/aws-lambda";
import { describe, expect, test } from "vitest";
import { readEksSettings } from "../../infra/agents/eks-settings.ts";
import { AgentStack } from "../../infra/agents/eks-stack.ts";
import { agentManifests } from "../../infra/agents/manifests.ts";
import { readOptions } from "../../infra/agents/read-options.ts";
import { FIRST_SYNTH_MILLIS, readable, resourcesOf } from "./synth.ts";

const CLUSTER = { "skua-agents:cluster": "blue", "skua-agents:kubernetes": "1.34" };
const ENDPOINT = "https://abc.lambda-url.eu-central-1.on.aws";
const TOKEN = { ...CLUSTER, "skua-agents:mode": "daemonset", "skua-agents:endpoint": ENDPOINT };
const INGEST = "arn:aws:lambda:eu-central-1:111122223333:function:ingest";
const SIGNED = {
  ...{ ...CLUSTER, "skua-agents:mode": "gateway", "skua-agents:endpoint": ENDPOINT, "skua-agents:auth": "sigv4" },
  ...{ "skua-agents:region": "eu-central-1", "skua-agents:ingestFunction": INGEST },
};

const settingsOf = (context: Readonly<Record<string, unknown>>) => readEksSettings(new App({ context }).node);

/** With a layer that is somewhere: the real one is 37 MB, and installed by whoever deploys. */
function synthesize(context: Readonly<Record<string, unknown>>): Template {
  const app = new App({ context });
  const layer = "arn:aws:lambda:eu-central-1:111122223333:layer:kubectl:1";
  return Template.fromStack(
    new AgentStack(app, "Agents", {
      settings: readEksSettings(app.node),
      kubectlLayer: (scope) => LayerVersion.fromLayerVersionArn(scope, "KubectlLayer", layer),
    }),
  );
}

/** What is applied; what only a deployment knows stands in it as its logical id. */
function applied(of: Template): readonly Record<string, unknown>[] {
  const [[, resource] = []] = resourcesOf(of, "Custom::AWSCDK-EKS-KubernetesResource");
  return JSON.parse(readable(resource?.Properties.Manifest));
}

/** CDK marks what it applies, so that it can prune it. */
const unmarked = (manifests: readonly Record<string, unknown>[]) =>
  JSON.parse(JSON.stringify(manifests), (key, value) => (key.startsWith("aws.cdk.eks/") ? undefined : value));

describe("agents by CloudFormation, in a cluster that is there", { timeout: FIRST_SYNTH_MILLIS }, () => {
  test("are the manifests that the command prints, and nothing is given to the pods where a token does", () => {
    const template = synthesize(TOKEN);
    const options = readOptions(["--mode", "daemonset", "--endpoint", ENDPOINT]);
    if (options === "help") throw new Error("help");
    const printed = agentManifests(options).map((manifest) => ({
      ...manifest,
      metadata: { labels: {}, ...manifest.metadata },
    }));
    const shown = unmarked(applied(template));
    expect(shown.map(({ kind }: { kind: string }) => kind)).toEqual(printed.map(({ kind }) => kind));
    for (const [i, manifest] of shown.entries()) expect(manifest).toMatchObject(agentManifests(options)[i] ?? {});
    template.resourceCountIs("AWS::EKS::PodIdentityAssociation", 0);
    template.resourceCountIs("AWS::EKS::Cluster", 0);
    expect(template.findResources("AWS::IAM::Role", { Properties: { Policies: expect.anything() } })).toEqual({});
  });

  test("are applied by a role of their own that the cluster is told to let in, or by one that it lets in already", () => {
    const template = synthesize(TOKEN);
    const [[, entry] = []] = resourcesOf(template, "AWS::EKS::AccessEntry");
    expect(entry?.Properties).toMatchObject({ ClusterName: "blue" });
    expect(readable(entry?.Properties.PrincipalArn)).toBe("KubectlRole.Arn");
    const role = "arn:aws:iam::111122223333:role/kubectl";
    const given = synthesize({ ...TOKEN, "skua-agents:kubectlRole": role });
    given.resourceCountIs("AWS::EKS::AccessEntry", 0);
    expect(JSON.stringify(resourcesOf(given, "AWS::Lambda::Function"))).toContain(role);
  });

  test("that sign may call the ingest function and nothing else, by Pod Identity or by IRSA", () => {
    const podRole = (of: Template) =>
      resourcesOf(of, "AWS::IAM::Role").find(([id]) => id.startsWith("PodRole"))?.[1].Properties ?? {};
    const byIdentity = synthesize(SIGNED);
    byIdentity.hasResourceProperties("AWS::EKS::PodIdentityAssociation", {
      ...{ ClusterName: "blue", Namespace: "skua-agent", ServiceAccount: "skua-agent" },
    });
    expect(JSON.stringify(podRole(byIdentity).AssumeRolePolicyDocument)).toContain("pods.eks.amazonaws.com");
    expect(JSON.stringify(podRole(byIdentity).AssumeRolePolicyDocument)).toContain("sts:TagSession");
    expect(JSON.stringify(podRole(byIdentity).Policies)).toContain(
      `"Action":["lambda:InvokeFunctionUrl","lambda:InvokeFunction"],"Effect":"Allow","Resource":"${INGEST}"`,
    );

    const issuer = "oidc.eks.eu-central-1.amazonaws.com/id/ABC";
    const oidc = { "skua-agents:oidcProvider": `arn:aws:iam::111122223333:oidc-provider/${issuer}` };
    const byIrsa = synthesize({ ...SIGNED, ...oidc });
    byIrsa.resourceCountIs("AWS::EKS::PodIdentityAssociation", 0);
    expect(podRole(byIrsa).AssumeRolePolicyDocument).toMatchObject({
      Statement: [
        {
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: {
              [`${issuer}:sub`]: "system:serviceaccount:skua-agent:skua-agent",
              [`${issuer}:aud`]: "sts.amazonaws.com",
            },
          },
        },
      ],
    });
    const account = applied(byIrsa).find(({ kind }) => kind === "ServiceAccount");
    expect(JSON.stringify(account)).toMatch(/"eks.amazonaws.com\/role-arn":"PodRole\w*\.Arn"/);
  });

  test("that write the second stream may put records into it and nothing else", () => {
    const stream = { "skua-agents:stream": "collectors", "skua-agents:region": "eu-central-1" };
    const template = synthesize({ ...CLUSTER, "skua-agents:mode": "gateway", ...stream });
    const [, role] = resourcesOf(template, "AWS::IAM::Role").find(([id]) => id.startsWith("PodRole")) ?? [];
    const policies = JSON.stringify(role?.Properties.Policies);
    expect(policies).toContain('"Action":"kinesis:PutRecords"');
    expect(policies).toContain(":stream/collectors");
  });
});

describe("settings of the agents' stack", () => {
  test.each([
    [{}, "skua-agents:cluster: expected a cluster's name"],
    [{ ...TOKEN, "skua-agents:kubernetes": "latest" }, "skua-agents:kubernetes: expected a version such as 1.34"],
    [{ ...TOKEN, "skua-agents:mode": "sidecar" }, "skua-agents:mode: expected daemonset or gateway"],
    [{ ...TOKEN, "skua-agents:endpiont": "x" }, "skua-agents:endpiont: no such setting"],
    [{ ...TOKEN, "skua-agents:endpoint": "nowhere" }, '--endpoint "nowhere": expected an http or https URL'],
    [{ ...SIGNED, "skua-agents:ingestFunction": undefined }, "skua-agents:ingestFunction: expected the ARN"],
  ])("%j stop the synthesis with what was expected", (context, message) => {
    expect(() => settingsOf(context)).toThrow(message);
  });
});
