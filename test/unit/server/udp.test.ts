import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dropsIn } from "../../../functions/server/udp-kernel-drops.ts";
import { datagramQueue } from "../../../functions/server/udp-queue.ts";

const datagram = (bytes: number, mark = 0): Uint8Array => new Uint8Array(bytes).fill(mark);

describe("datagrams that wait", () => {
  test("come out in order and whole, a batch at a time, and what finds no room does not come out", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 200 });
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 100, max: 1000 }),
        fc.integer({ min: 1, max: 300 }),
        (arriving, room, batch) => {
          const queue = datagramQueue(room);
          const kept: Uint8Array[] = [];
          const taken: Uint8Array[] = [];
          let waiting = 0;
          for (const [i, size] of arriving.entries()) {
            const one = datagram(size, i % 256);
            const isKept = queue.add(one);
            expect(isKept).toBe(waiting + size <= room);
            if (isKept) {
              kept.push(one);
              waiting += size;
            }
            if (i % 7 !== 6) continue;
            const some = queue.next(batch) ?? [];
            const bytes = some.reduce((sum, each) => sum + each.length, 0);
            expect(some.length === 1 || bytes <= batch).toBe(true);
            waiting -= bytes;
            taken.push(...some);
          }
          for (let some = queue.next(batch); some !== undefined; some = queue.next(batch)) taken.push(...some);
          expect(taken).toEqual(kept);
        },
      ),
    );
  });
});

test("the kernel's own losses are read by port, from every socket that has it", () => {
  // As `cat /proc/net/udp` prints two sockets of port 6831 (0x1AAF) and one of another.
  const table = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  347: 0100007F:1AAF 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 28122 2 0000000000000000 41
  348: 0200007F:1AAF 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 28123 2 0000000000000000 1
  904: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 17333 2 0000000000000000 7
`;
  expect([dropsIn(table, 6831), dropsIn(table, 5353), dropsIn(table, 1), dropsIn("", 6831)]).toEqual([42, 7, 0, 0]);
});
