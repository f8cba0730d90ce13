import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { POD } from "./agent.ts";

export interface KubeApi {
  /** Of the file that says how to reach it. */
  readonly config: string;
  /** The resources that anything was asked of. */
  readonly asked: ReadonlySet<string>;
  /** Once what is there has been told. */
  readonly watched: Promise<void>;
  close(): void;
}

/**
 * As much of a cluster's API as a list and a watch of pods needs: one pod.
 * @param ip the pod's address
 */
export async function startKubeApi(folder: string, pod: typeof POD, ip: string): Promise<KubeApi> {
  const asked = new Set<string>();
  const watched = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://kube");
    const resource = /^\/apis?\/(?:[\w.]+\/)?v1\/(\w+)$/.exec(url.pathname)?.[1] ?? url.pathname;
    asked.add(resource);
    response.setHeader("Content-Type", "application/json");
    if (url.searchParams.get("sendInitialEvents") === "true") return void response.writeHead(400).end("{}");
    if (url.searchParams.get("watch") === "true" || url.searchParams.get("watch") === "1") {
      response.flushHeaders();
      watched.resolve();
      return;
    }
    response.end(JSON.stringify(resource === "pods" ? podList(pod, ip) : {}));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const config = join(folder, "kube.json");
  writeFileSync(config, JSON.stringify(kubeConfig(`http://127.0.0.1:${port}`)));
  return { config, asked, watched: watched.promise, close: () => void server.close().closeAllConnections() };
}

const kubeConfig = (server: string) => ({
  ...{ apiVersion: "v1", kind: "Config", "current-context": "here" },
  clusters: [{ name: "here", cluster: { server } }],
  contexts: [{ name: "here", context: { cluster: "here", user: "here" } }],
  users: [{ name: "here", user: {} }],
});

const podList = (pod: typeof POD, podIP: string) => ({
  ...{ apiVersion: "v1", kind: "PodList", metadata: { resourceVersion: "1" } },
  items: [
    {
      metadata: {
        ...{ name: pod.MY_POD_NAME, namespace: pod.MY_NAMESPACE, uid: pod.MY_POD_UID, resourceVersion: "1" },
        labels: { "pod-template-hash": "6c45f8d6f6" },
        ownerReferences: [
          { apiVersion: "apps/v1", kind: "ReplicaSet", name: "shop-6c45f8d6f6", uid: "1", controller: true },
        ],
      },
      spec: { nodeName: pod.MY_NODE_NAME, containers: [] },
      status: { podIP, phase: "Running" },
    },
  ],
});
