import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { SETTINGS } from "../../functions/server/settings-table.ts";
import { command, ROOT, restsOf } from "../support/dockerfile.ts";
import { broken } from "./pod-security.ts";

/** Looked into at many depths. */
type Any = ReturnType<typeof JSON.parse>;

const folder = join(ROOT, "infra/all-in-one");
const manifests: Any[] = parseAllDocuments(readFileSync(join(folder, "skua.yaml"), "utf8")).map((one) => one.toJS());
const ofKind = (kind: string): Any => manifests.find((one) => one.kind === kind);
const pod = ofKind("Deployment").spec.template.spec;
const [container] = pod.containers;

/** Every door of the server; its own Kinesis stands on the loopback. */
const doors = Object.values(SETTINGS)
  .filter(({ flag }) => flag.endsWith("-port") && !["kinesis-port", "dynamodb-port"].includes(flag))
  .map(({ flag, default: port }) => `${port}${flag.startsWith("udp") ? "/UDP" : ""}`);

test("the pod passes Pod Security's restricted level, and writes nothing but its volume", () => {
  expect(broken(pod)).toEqual([]);
  expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
  const { mountPath } = container.volumeMounts.find(({ name }: Any) => name === "data");
  expect(restsOf("ENV").join(" ")).toContain(`SKUA_DATA=${mountPath}`);
});

test("every door of the server is a port of the pod and of the image, and of the Service all but its health", () => {
  const ports = (all: Any[], key: string) =>
    all.map((port) => `${port[key]}${port.protocol === "UDP" ? "/UDP" : ""}`).toSorted();
  expect(ports(container.ports, "containerPort")).toEqual(doors.toSorted());
  expect(restsOf("EXPOSE").join(" ").toUpperCase().split(" ").toSorted()).toEqual(doors.toSorted());
  expect(ports(ofKind("Service").spec.ports, "port")).toEqual(doors.filter((door) => door !== "13133").toSorted());
});

test("the pod's variables are the server's settings, and it never comes up open", () => {
  const known = Object.values(SETTINGS).map(({ env }) => env);
  const names: string[] = container.env.map(({ name }: Any) => name);
  expect(known).toEqual(expect.arrayContaining(names));
  expect(names).toContain("SKUA_ACCESS");
  expect([...names, restsOf("ENV").join(" ")].join(" ")).not.toContain("SKUA_OPEN");
});

test("two pods never hold the volume", () => {
  const { replicas, strategy } = ofKind("Deployment").spec;
  expect([replicas, strategy.type]).toEqual([1, "Recreate"]);
});

test("the image's name is kustomize's to say", () => {
  const { images } = parse(readFileSync(join(folder, "kustomization.yaml"), "utf8"));
  expect(images.map(({ name }: Any) => name)).toEqual([container.image]);
});

test("the image has the Node that everything is tested with, starts as npm start does, and as no user that matters", () => {
  const { scripts, devDependencies } = parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(restsOf("FROM")).toEqual([`docker.io/library/node:${devDependencies.node}-slim`]);
  expect(command().join(" ")).toBe(scripts.start.replace(/^exec /, ""));
  expect(restsOf("USER")).toEqual([`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`]);
});
