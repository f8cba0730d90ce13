import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { BASES_FOLDER, bases } from "../../infra/agents/bases.ts";
import { collectorConfig } from "../../infra/agents/collector.ts";
import { agentManifests, yamlStream } from "../../infra/agents/manifests.ts";
import { type AgentOptions, MODES, NETWORKS, usesToken } from "../../infra/agents/options.ts";
import { readOptions } from "../../infra/agents/read-options.ts";
import { NODE } from "../support/skua-server.ts";
import { broken } from "./pod-security.ts";

const ENDPOINT = ["--endpoint", "https://ingest.example"];
const STREAM = ["--stream", "spans", "--region", "eu-central-1"];
const SIGV4 = [...ENDPOINT, "--auth", "sigv4", "--region", "eu-central-1"];

function options(...flags: string[]): AgentOptions {
  const read = readOptions(flags);
  if (read === "help") throw new Error("help");
  return read;
}

/** Looked into at many depths. */
type Any = ReturnType<typeof JSON.parse>;
const printed = (...flags: string[]): Any[] =>
  parseAllDocuments(yamlStream(agentManifests(options(...flags)))).map((document) => document.toJS());
const ofKind = (kind: string, ...flags: string[]): Any => printed(...flags).find((one) => one.kind === kind);

const arbitraryOptions: fc.Arbitrary<AgentOptions> = fc
  .record({
    mode: fc.constantFrom(...MODES),
    network: fc.constantFrom(...NETWORKS),
    isOperator: fc.boolean(),
    to: fc.constantFrom(ENDPOINT, STREAM, SIGV4, [...ENDPOINT, "--auth", "none"]),
    strategies: fc.constantFrom([], ["--strategies", "none"], ["--strategies", "http://skua:5778/s.json"]),
    redact: fc.boolean(),
  })
  .map(({ mode, network, isOperator, to, strategies, redact }) =>
    options(
      ...["--mode", mode, ...to, ...strategies],
      ...(mode === "daemonset" ? ["--network", network] : []),
      ...(mode === "sidecar" && isOperator ? ["--operator"] : []),
      ...(redact ? ["--redact"] : []),
    ),
  );

describe("whatever is asked for", () => {
  test("a Collector's pipeline names what its configuration has, and all that it has", () => {
    fc.assert(
      fc.property(arbitraryOptions, (asked) => {
        const config: Any = collectorConfig(asked);
        const { receivers, processors, exporters } = config.service.pipelines.traces;
        expect(receivers).toEqual(Object.keys(config.receivers));
        expect(processors).toEqual(Object.keys(config.processors));
        expect(exporters).toEqual(Object.keys(config.exporters));
        expect(config.service.extensions).toEqual(Object.keys(config.extensions));
        const [exporter]: Any[] = Object.values(config.exporters);
        if (exporter.auth) expect(config.extensions).toHaveProperty(exporter.auth.authenticator);
        expect(config.extensions).toHaveProperty(exporter.sending_queue.storage);
      }),
    );
  });

  test("every variable that the Collector reads is set in its container, and every mounted name is there", () => {
    fc.assert(
      fc.property(arbitraryOptions, (asked) => {
        const all: Any[] = agentManifests(asked).map((one) => parse(JSON.stringify(one)));
        const settings = all.find(({ metadata }) => metadata.name === "skua-agent-settings").data;
        const read = [...JSON.stringify([collectorConfig(asked), settings]).matchAll(/\$\{env:(\w+)\}/g)];
        const operator = all.find(({ kind }) => kind === "OpenTelemetryCollector");
        const workload = all.find(({ kind }) => kind === "DaemonSet" || kind === "Deployment");
        const pod = operator?.spec ?? workload.spec.template.spec;
        const container = operator?.spec ?? agentOf(pod);
        const set = new Set([...container.env.map(({ name }: Any) => name), ...Object.keys(settings)]);
        expect(read.map(([, name]) => name).filter((name) => !set.has(name))).toEqual([]);
        const volumes = pod.volumes.map(({ name }: Any) => name);
        expect(volumes).toEqual(expect.arrayContaining(container.volumeMounts.map(({ name }: Any) => name)));
        expect(JSON.stringify(all).includes("skua-agent-token")).toBe(usesToken(asked));
      }),
    );
  });
});

const agentOf = (pod: Any): Any =>
  [...pod.containers, ...(pod.initContainers ?? [])].find(({ name }: Any) => name === "agent");

describe("what a pod may", () => {
  test.each([
    ["sidecar", ENDPOINT],
    ["gateway", ENDPOINT],
    ["sidecar", STREAM],
    ["gateway", SIGV4],
  ])("a %s with %s passes Pod Security's restricted level", (mode, to) => {
    expect(broken(ofKind("Deployment", "--mode", mode, ...to).spec.template.spec)).toEqual([]);
  });

  test("so does the Django application of the examples", () => {
    const file = join(import.meta.dirname, "../../examples/django/kubernetes/daemonset/shop.yaml");
    expect(broken(parse(readFileSync(file, "utf8")).spec.template.spec)).toEqual([]);
  });

  test("the judge of Pod Security finds what is planted", () => {
    const { spec } = ofKind("Deployment", "--mode", "gateway", ...ENDPOINT).spec.template;
    spec.hostNetwork = true;
    spec.containers[0].securityContext.capabilities = {};
    spec.containers[0].ports[0].hostPort = 1;
    expect(broken(spec)).toEqual(["hostNetwork", "agent: hostPort", "agent: capabilities"]);
  });

  test("a DaemonSet breaks it by its node's ports, its node's folder and the container that gives the folder away", () => {
    const judged = (network: string) =>
      broken(ofKind("DaemonSet", "--mode", "daemonset", "--network", network, ...ENDPOINT).spec.template.spec);
    const folder = ["volume queue", "own-queue-folder: runAsNonRoot", "own-queue-folder: capabilities"];
    expect(judged("service")).toEqual(folder);
    expect(judged("host-port")).toEqual([folder[0], "agent: hostPort", ...folder.slice(1)]);
  });

  test.each(MODES)("no container of a %s writes its own root, or is without a limit of memory", (mode) => {
    const kind = mode === "daemonset" ? "DaemonSet" : "Deployment";
    const { containers, initContainers = [] } = ofKind(kind, "--mode", mode, ...ENDPOINT).spec.template.spec;
    for (const { securityContext, resources } of [...containers, ...initContainers]) {
      expect(securityContext.readOnlyRootFilesystem).toBe(true);
      expect(resources.limits.memory).toMatch(/^\d+[MG]i$/);
      expect(resources.requests).toHaveProperty("cpu");
    }
  });

  test.each(["daemonset", "gateway"])("the agent of a %s sees pods, and nothing else of the cluster", (mode) => {
    expect(ofKind("ClusterRole", "--mode", mode, ...ENDPOINT).rules).toEqual([
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
    ]);
  });

  test("a sidecar asks the cluster nothing, and gets no credential for it", () => {
    const kinds = printed("--mode", "sidecar", ...ENDPOINT).map(({ kind }) => kind);
    expect(kinds).toEqual(["ConfigMap", "ConfigMap", "Deployment"]);
    const pod = ofKind("Deployment", "--mode", "sidecar", ...ENDPOINT).spec.template.spec;
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(collectorConfig(options("--mode", "sidecar", ...ENDPOINT)).processors).not.toHaveProperty("k8s_attributes");
  });
});

describe("networks", () => {
  test("host ports are taken by default, and are the ports that clients know", () => {
    const { ports } = agentOf(ofKind("DaemonSet", "--mode", "daemonset", ...ENDPOINT).spec.template.spec);
    const hosts = ports.filter(({ hostPort }: Any) => hostPort).map((port: Any) => `${port.hostPort}/${port.protocol}`);
    const tcp = [4317, 4318, 14250, 14268, 9411, 5778, 5779].map((port) => `${port}/TCP`);
    expect(hosts.toSorted()).toEqual([...tcp, "6831/UDP", "6832/UDP"].toSorted());
  });

  test("in the node's own network names are still the cluster's", () => {
    const flags = ["--mode", "daemonset", "--network", "host-network", ...ENDPOINT];
    const { hostNetwork, dnsPolicy } = ofKind("DaemonSet", ...flags).spec.template.spec;
    expect([hostNetwork, dnsPolicy]).toEqual([true, "ClusterFirstWithHostNet"]);
    expect(ofKind("NetworkPolicy", ...flags)).toBeUndefined();
  });

  test("a Service stays on the caller's node, and takes no port of it", () => {
    const flags = ["--mode", "daemonset", "--network", "service", ...ENDPOINT];
    expect(ofKind("Service", ...flags).spec.internalTrafficPolicy).toBe("Local");
    expect(JSON.stringify(ofKind("DaemonSet", ...flags))).not.toContain("hostPort");
  });

  test("a network policy lets out to where the spans go", () => {
    const policy = ofKind("NetworkPolicy", "--mode", "gateway", "--endpoint", "http://skua:4318", "--auth", "none");
    const ports = policy.spec.egress.flatMap((rule: Any) => rule.ports.map(({ port }: Any) => port));
    expect(ports).toContain(4318);
  });
});

describe("npm run agents", () => {
  const run = (...flags: string[]) => {
    const { status, stdout, stderr } = spawnSync(NODE, ["infra/agents/main.ts", ...flags], { encoding: "utf8" });
    return { status, stdout, stderr };
  };

  test("prints what the function makes", () => {
    const flags = ["--mode", "gateway", ...ENDPOINT];
    expect(run(...flags)).toEqual({ status: 0, stdout: yamlStream(agentManifests(options(...flags))), stderr: "" });
  });

  test("--help names every flag that is read", () => {
    const { stdout, status } = run("--help");
    expect(status).toBe(0);
    const flags = "mode namespace network operator image endpoint auth stream region role-arn strategies redact help";
    for (const flag of flags.split(" ")) expect(stdout).toContain(`--${flag}`);
  });

  test("a change of the configuration changes the pod", () => {
    const sum = (...flags: string[]) =>
      ofKind("DaemonSet", "--mode", "daemonset", ...flags).spec.template.metadata.annotations["skua/config"];
    expect(sum(...ENDPOINT)).toMatch(/^[0-9a-f]{16}$/);
    expect(sum(...ENDPOINT, "--redact")).not.toBe(sum(...ENDPOINT));
    expect(sum("--endpoint", "https://other.example")).not.toBe(sum(...ENDPOINT));
  });

  test.each([
    [[], "--mode is missing: expected daemonset, sidecar, gateway"],
    [["--mode", "pod", ...ENDPOINT], '--mode "pod": expected daemonset, sidecar, gateway'],
    [["--mode", "gateway"], "--endpoint, --stream: expected one of them"],
    [["--mode", "gateway", ...ENDPOINT, ...STREAM], "--endpoint, --stream: expected one of them"],
    [["--mode", "gateway", "--endpoint", "ingest"], '--endpoint "ingest": expected an http or https URL'],
    [["--mode", "gateway", "--endpoint", "https://a:b@c"], "without credentials"],
    [["--mode", "gateway", "--stream", "s"], "--region is missing"],
    [["--mode", "gateway", ...STREAM, "--auth", "token"], "--auth: a --stream is always written with AWS credentials"],
    [["--mode", "gateway", ...ENDPOINT, "--auth", "basic"], '--auth "basic": expected token, sigv4, none'],
    [["--mode", "gateway", ...ENDPOINT, "--network", "service"], "--network: only --mode daemonset has one"],
    [["--mode", "gateway", ...ENDPOINT, "--operator"], "--operator: expected --mode sidecar"],
    [["--mode", "gateway", ...ENDPOINT, "--namespace", "A"], '--namespace "A": expected 1 to 63'],
    [["--mode", "gateway", ...ENDPOINT, "--role-arn", "x"], '--role-arn "x": expected arn:aws:iam'],
    [["--mode", "gateway", ...ENDPOINT, "--tail"], "--tail"],
    [["--mode", "gateway", ...ENDPOINT, "more"], "more"],
  ])("%j is refused with its name", (flags, message) => {
    expect(() => readOptions(flags)).toThrow(message);
  });

  test("what is refused is said in one line, and nothing is printed that could be applied", () => {
    const { status, stdout, stderr } = run("--mode", "pod", ...ENDPOINT);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toBe('agents: --mode "pod": expected daemonset, sidecar, gateway\n');
  });
});

test("the kustomize bases are what npm run agents:bases writes, and nothing else is there", () => {
  const folder = join(import.meta.dirname, "../..", BASES_FOLDER);
  const there = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".yaml"));
  expect(there.toSorted()).toEqual([...bases().keys()].toSorted());
  for (const [path, text] of bases()) expect(readFileSync(join(folder, path), "utf8"), path).toBe(text);
});
