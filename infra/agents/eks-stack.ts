import { Arn, ArnFormat, CfnOutput, Stack } from "aws-cdk-lib";
import { CfnPodIdentityAssociation } from "aws-cdk-lib/aws-eks";
import {
  AccessEntry,
  AccessPolicy,
  AccessScopeType,
  Cluster,
  type ICluster,
  KubectlProvider,
} from "aws-cdk-lib/aws-eks-v2";
import {
  Effect,
  type IPrincipal,
  type IRole,
  OpenIdConnectPrincipal,
  OpenIdConnectProvider,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
  SessionTagsPrincipal,
} from "aws-cdk-lib/aws-iam";
import type { ILayerVersion } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { EksSettings } from "./eks-settings.ts";
import { NAME } from "./manifest.ts";
import { agentManifests } from "./manifests.ts";
import { usesAws } from "./options.ts";

export interface AgentStackProps {
  readonly settings: EksSettings;
  /** kubectl and helm of a version near the cluster's. */
  readonly kubectlLayer: (scope: Construct) => ILayerVersion;
}

/** Agents in an EKS cluster that is there: the same manifests as everywhere, applied by CloudFormation. */
export class AgentStack extends Stack {
  constructor(scope: Construct, id: string, { settings, kubectlLayer }: AgentStackProps) {
    super(scope, id, { description: "Skua: agents in an EKS cluster" });
    const cluster = this.reachable(settings, kubectlLayer(this));
    const { agent } = settings;
    const role = usesAws(agent) ? this.podRole(settings) : undefined;
    const isIrsa = role !== undefined && settings.oidcProvider !== undefined;
    if (role !== undefined && !isIrsa)
      new CfnPodIdentityAssociation(this, "Identity", {
        ...{ clusterName: settings.cluster, namespace: agent.namespace, serviceAccount: NAME },
        roleArn: role.roleArn,
      });
    const manifests = agentManifests({ ...agent, roleArn: isIrsa ? role.roleArn : undefined });
    cluster.addManifest("Agent", ...manifests.map((manifest) => ({ ...manifest })));
    new CfnOutput(this, "AgentNamespace", {
      value: agent.namespace,
      description: "Where the Secret with the token is",
    });
  }

  /** An imported cluster takes its kubectl only ready-made, and that asks for a cluster. */
  private reachable({ cluster: clusterName, kubectlRole }: EksSettings, kubectlLayer: ILayerVersion): ICluster {
    const named = Cluster.fromClusterAttributes(this, "Named", { clusterName });
    const role: IRole =
      kubectlRole === undefined
        ? new Role(this, "KubectlRole", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") })
        : Role.fromRoleArn(this, "KubectlRole", kubectlRole);
    if (kubectlRole === undefined)
      new AccessEntry(this, "KubectlAccess", {
        cluster: named,
        principal: role.roleArn,
        accessPolicies: [
          AccessPolicy.fromAccessPolicyName("AmazonEKSClusterAdminPolicy", {
            accessScopeType: AccessScopeType.CLUSTER,
          }),
        ],
      });
    const kubectlProvider = new KubectlProvider(this, "Kubectl", { cluster: named, kubectlLayer, role });
    return Cluster.fromClusterAttributes(this, "Cluster", { clusterName, kubectlProvider });
  }

  /** What the agent's pods may do in AWS, and nothing else in the cluster. */
  private podRole(settings: EksSettings): Role {
    return new Role(this, "PodRole", {
      assumedBy: this.pods(settings),
      inlinePolicies: { may: new PolicyDocument({ statements: [this.sends(settings)] }) },
    });
  }

  private pods({ oidcProvider, agent }: EksSettings): IPrincipal {
    if (oidcProvider === undefined) return new SessionTagsPrincipal(new ServicePrincipal("pods.eks.amazonaws.com"));
    const issuer = oidcProvider.slice(oidcProvider.indexOf("/") + 1);
    const provider = OpenIdConnectProvider.fromOpenIdConnectProviderArn(this, "Oidc", oidcProvider);
    return new OpenIdConnectPrincipal(provider, {
      StringEquals: {
        [`${issuer}:sub`]: `system:serviceaccount:${agent.namespace}:${NAME}`,
        [`${issuer}:aud`]: "sts.amazonaws.com",
      },
    });
  }

  private sends({ agent: { destination }, ingestFunction }: EksSettings): PolicyStatement {
    if (destination.to === "endpoint")
      return new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"],
        resources: [ingestFunction ?? ""],
      });
    const { stream: resourceName, region } = destination;
    const arn = {
      service: "kinesis",
      resource: "stream",
      resourceName,
      region,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    };
    return new PolicyStatement({ actions: ["kinesis:PutRecords"], resources: [Arn.format(arn, this)] });
  }
}
