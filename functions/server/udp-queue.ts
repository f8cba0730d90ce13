/** Datagrams that wait to be taken, oldest first, within bounds. */
export interface DatagramQueue {
  /** False when there is no room: the datagram is lost. */
  add(datagram: Uint8Array): boolean;
  /** Some of the oldest, at most `bytes` together but at least one; undefined when none waits. */
  next(bytes: number): Uint8Array[] | undefined;
  readonly size: number;
}

/** @param maxBytes of all that waits: what is sent while the stream takes nothing for a while */
export function datagramQueue(maxBytes: number): DatagramQueue {
  let waiting: Uint8Array[] = [];
  let first = 0;
  let bytes = 0;
  return {
    add(datagram) {
      if (bytes + datagram.length > maxBytes) return false;
      waiting.push(datagram);
      bytes += datagram.length;
      return true;
    },
    next(most) {
      const taken: Uint8Array[] = [];
      let size = 0;
      for (let each = waiting[first]; each !== undefined; each = waiting[first]) {
        if (taken.length > 0 && size + each.length > most) break;
        taken.push(each);
        size += each.length;
        first++;
      }
      bytes -= size;
      if (first === waiting.length) {
        waiting = [];
        first = 0;
      }
      return taken.length === 0 ? undefined : taken;
    },
    get size() {
      return waiting.length - first;
    },
  };
}
