import { readFile } from "node:fs/promises";

/** Where Linux tells of its UDP sockets; absent elsewhere. */
const TABLES = ["/proc/net/udp", "/proc/net/udp6"];

const LOCAL_ADDRESS = 1;
/** The last column: datagrams that found the socket's buffer full (net/ipv4/udp.c, udp4_format_sock). */
const DROPS = 12;

/** Datagrams that the kernel has dropped of late, by local port; 0 where it does not say. */
export async function kernelDrops(port: number): Promise<number> {
  const tables = await Promise.all(TABLES.map((table) => readFile(table, "utf8").catch(() => "")));
  return tables.reduce((sum, table) => sum + dropsIn(table, port), 0);
}

/** @param table as /proc/net/udp has it: a line of titles, then a line a socket */
export function dropsIn(table: string, port: number): number {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[LOCAL_ADDRESS]?.endsWith(wanted))
    .reduce((sum, columns) => sum + Number(columns[DROPS] ?? 0), 0);
}
