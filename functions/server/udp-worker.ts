import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { serveThread } from "./thread.ts";
import { forwardDatagrams } from "./udp-forward.ts";
import { kernelDrops } from "./udp-kernel-drops.ts";
import type { UdpData, UdpHello, UdpName } from "./udp-thread.ts";

/** Asked of the kernel for each socket: what arrives while this thread does not run waits there. */
const RECEIVE_BYTES = 4 * 1024 * 1024;

/** The kernel's own losses are looked up this often. */
const WATCH_MILLIS = 10_000;

/** A thread of its own, beside the event loop that decodes and answers: packets are taken from the kernel whatever that one does. */
await serveThread<UdpData>(async ({ host, sockets, port }) => {
  const opened = new Map<UdpName, Socket>();
  for (const { name, port: asked } of sockets) {
    const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", recvBufferSize: RECEIVE_BYTES });
    opened.set(name, socket);
    try {
      socket.bind(asked, host);
      await once(socket, "listening");
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      return running({ taken: { name, code } }, async () => port.close());
    }
  }
  const forwarded = [...opened].map(([name, socket]) => forwardDatagrams(name, socket, port));
  const watching = setInterval(() => void watch(), WATCH_MILLIS);
  const dropped = new Map<UdpName, number>();

  async function watch(): Promise<void> {
    for (const [name, socket] of opened) {
      const now = await kernelDrops(socket.address().port);
      const lost = now - (dropped.get(name) ?? 0);
      dropped.set(name, now);
      if (lost > 0) port.postMessage({ name, lost, by: "kernel" });
    }
  }

  const ports = Object.fromEntries([...opened].map(([name, socket]) => [name, socket.address().port]));
  const receiveBytes = Math.min(...[...opened.values()].map(grantedBytes));
  return running({ ports, receiveBytes }, async () => {
    clearInterval(watching);
    await Promise.all(forwarded.map((each) => each.drain()));
    port.close();
  });
});

function running(hello: UdpHello, close: () => Promise<void>) {
  return { hello, close };
}

/** Linux doubles what it grants, for its own bookkeeping (socket(7), SO_RCVBUF). */
function grantedBytes(socket: Socket): number {
  const bytes = socket.getRecvBufferSize();
  return process.platform === "linux" ? bytes / 2 : bytes;
}
