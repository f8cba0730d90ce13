import type { Socket } from "node:dgram";
import { setTimeout as pause } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { datagramQueue } from "./udp-queue.ts";
import type { FromUdp, ToUdp, UdpName } from "./udp-thread.ts";

/** Of each socket: what arrives while the stream takes nothing for some seconds. */
const QUEUE_BYTES = 32 * 1024 * 1024;

/** Handed over at once: as much as makes a record worth its put, and no longer a turn than others may wait for. */
const BATCH_BYTES = 256 * 1024;
const BATCHES_AHEAD = 2;

/** At the end: as long as nothing comes the kernel holds nothing, and what it held at most is taken in this time. */
const QUIET_MILLIS = 20;
const SETTLE_MILLIS = 500;

/** A moment for more to arrive, so that steady traffic makes few and large records. */
const GATHER_MILLIS = 50;

export interface Forwarding {
  /** Takes what the kernel still holds, closes the socket, and waits until all that it brought has been taken. */
  drain(): Promise<void>;
}

/** Hands on what a socket brings, a few batches ahead of what has been taken, and says how much found no room. */
export function forwardDatagrams(name: UdpName, socket: Socket, port: MessagePort): Forwarding {
  const queue = datagramQueue(QUEUE_BYTES);
  let ahead = 0;
  let lost = 0;
  let gathering: NodeJS.Timeout | undefined;
  let drained: (() => void) | undefined;
  let arrived = 0;
  const tell = (news: FromUdp): void => port.postMessage(news);

  function send(): void {
    gathering = undefined;
    while (ahead < BATCHES_AHEAD) {
      const datagrams = queue.next(BATCH_BYTES);
      if (datagrams === undefined) break;
      ahead++;
      tell({ name, datagrams });
    }
    if (lost > 0) tell({ name, lost, by: "queue" });
    lost = 0;
    if (ahead === 0) drained?.();
  }

  socket.on("message", (datagram) => {
    arrived++;
    if (!queue.add(datagram)) lost++;
    gathering ??= setTimeout(send, GATHER_MILLIS);
  });
  port.on("message", (told: ToUdp) => {
    if (told.taken !== name) return;
    ahead--;
    send();
  });

  /** What the kernel holds would be gone with the socket: waits until nothing comes, or long enough for all of that. */
  async function settled(): Promise<void> {
    const until = performance.now() + SETTLE_MILLIS;
    for (let before = -1; before !== arrived && performance.now() < until; ) {
      before = arrived;
      await pause(QUIET_MILLIS);
    }
  }

  return {
    async drain() {
      const done = new Promise<void>((resolve) => {
        drained = resolve;
      });
      await settled();
      socket.close();
      clearTimeout(gathering);
      send();
      await done;
    },
  };
}
