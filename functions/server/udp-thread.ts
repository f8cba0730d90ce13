import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Log } from "../../lib/runtime/log.ts";
import { startThread } from "./thread.ts";
import { Usage } from "./usage.ts";

/** By the protocol that each speaks. */
export type UdpName = "compact" | "binary";

export type UdpPorts = Readonly<Partial<Record<UdpName, number>>>;

interface UdpSocket {
  readonly name: UdpName;
  readonly port: number;
  /** Names the port, for the one line that is printed when it is taken. */
  readonly flag: string;
}

export interface UdpData {
  readonly host: string;
  readonly sockets: readonly UdpSocket[];
  readonly port: MessagePort;
}

export type UdpHello =
  | { readonly ports: UdpPorts; readonly receiveBytes: number }
  | { readonly taken: { readonly name: UdpName; readonly code: string } };

export type FromUdp =
  | { readonly name: UdpName; readonly datagrams: readonly Uint8Array[] }
  | { readonly name: UdpName; readonly lost: number; readonly by: "queue" | "kernel" };

export interface ToUdp {
  readonly taken: UdpName;
}

/** Datagrams whose spans nobody will see, and where they were lost. */
interface Loss {
  readonly protocol: UdpName;
  readonly lost: number;
  readonly by: "queue" | "kernel" | "malformed" | "stream";
  /** What was wrong with the first. */
  readonly first?: string;
  readonly error?: unknown;
}

export type OnLost = (loss: Loss) => void;

export interface UdpParts {
  readonly host: string;
  readonly sockets: readonly UdpSocket[];
  /** Resolves once the datagrams are durable, or given up. */
  readonly take: (name: UdpName, datagrams: readonly Uint8Array[]) => Promise<void>;
  readonly onLost: OnLost;
  readonly log: Log;
}

export interface Udp {
  /** With the ports that were really taken. */
  readonly ports: UdpPorts;
  /** Settles when its thread has ended by itself. */
  readonly ended: Promise<Error | undefined>;
  close(waitMillis: number): Promise<void>;
}

/** No objects to speak of: queues are bytes outside of it. */
const HEAP_MEGABYTES = 64;

/** What a burst of a few seconds takes, and what is asked of the kernel. */
const WANTED_BYTES = 4 * 1024 * 1024;

/** @throws Usage when a port is taken */
export async function openUdp({ host, sockets, take, onLost, log }: UdpParts): Promise<Udp> {
  const { port1: ours, port2: theirs } = new MessageChannel();
  ours.on("message", (news: FromUdp) => void heed(news));
  // It alone keeps no process alive.
  ours.unref();

  async function heed(news: FromUdp): Promise<void> {
    if ("lost" in news) {
      onLost({ protocol: news.name, lost: news.lost, by: news.by });
      return;
    }
    try {
      await take(news.name, news.datagrams);
    } finally {
      ours.postMessage({ taken: news.name } satisfies ToUdp);
    }
  }

  const thread = await startThread<UdpHello>({
    file: new URL("./udp-worker.ts", import.meta.url),
    data: { host, sockets, port: theirs },
    transfer: [theirs],
    heapMegabytes: HEAP_MEGABYTES,
  });
  const { hello } = thread;
  if ("taken" in hello) {
    await thread.close(0);
    const flag = sockets.find(({ name }) => name === hello.taken.name)?.flag;
    throw new Usage(`--${flag}: ${why(hello.taken.code, host)}`, 1);
  }
  if (hello.receiveBytes < WANTED_BYTES)
    log.warn("the kernel grants UDP sockets less than was asked for: bursts may be lost (sysctl net.core.rmem_max)", {
      granted: hello.receiveBytes,
      asked: WANTED_BYTES,
    });
  return {
    ports: hello.ports,
    ended: thread.ended,
    async close(waitMillis) {
      await thread.close(waitMillis);
      ours.close();
    },
  };
}

function why(code: string, host: string): string {
  if (code === "EADDRINUSE") return `the port is taken on ${host}; free it or name another`;
  if (code === "EACCES") return "this user may not listen on it; name a port from 1024 up";
  return code;
}
