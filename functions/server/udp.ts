import type { Log } from "../../lib/runtime/log.ts";
import type { Measure } from "../../lib/runtime/metrics.ts";
import type { Access } from "./access.ts";
import { MAIN_TENANT } from "./access.ts";
import type { IngestBy } from "./requests.ts";
import type { Settings } from "./settings-table.ts";
import { sleep } from "./sleep.ts";
import { summedLog } from "./summed-log.ts";
import { takeDatagrams } from "./udp-take.ts";
import { type OnLost, openUdp, type Udp } from "./udp-thread.ts";

/** Of what goes wrong with datagrams there is a line so often, however many there are. */
const TELL_MILLIS = 60_000;

export interface UdpDoorParts {
  readonly settings: Settings;
  readonly access: Access;
  readonly ingestBy: IngestBy;
  readonly measure: Measure<"skua_lost_datagrams">;
  readonly log: Log;
}

/** Jaeger's agent ports; undefined where a datagram's sender cannot be told and nobody has said whose its spans are. */
export async function openUdpDoor({
  settings,
  access,
  ingestBy,
  measure,
  log,
}: UdpDoorParts): Promise<Udp | undefined> {
  const { host, udpCompactPort, udpBinaryPort, udpTenant } = settings;
  if (udpTenant === "" && !access.isOpen) {
    log.info("UDP stays closed: it has no room for a token, and --udp-tenant does not say whose its spans are");
    return undefined;
  }
  const { tell, close } = summedLog(log, TELL_MILLIS);
  const onLost: OnLost = ({ protocol, lost, by, ...why }) => {
    measure("skua_lost_datagrams", lost, { protocol, reason: by });
    const level = by === "stream" ? "error" : "warn";
    tell({ level, message: "datagrams were lost", by: { protocol, by }, counts: { lost }, why });
  };
  const udp = await openUdp({
    host,
    sockets: [
      { name: "compact", port: udpCompactPort, flag: "udp-compact-port" },
      { name: "binary", port: udpBinaryPort, flag: "udp-binary-port" },
    ],
    take: takeDatagrams({
      ingests: {
        compact: ingestBy("jaeger", "udp_thrift_compact"),
        binary: ingestBy("jaeger", "udp_thrift_binary"),
      },
      tenant: udpTenant || MAIN_TENANT,
      sleep,
      onLost,
      tell,
    }),
    onLost,
    log,
  });
  return {
    ...udp,
    async close(waitMillis) {
      await udp.close(waitMillis);
      close();
    },
  };
}

/** Settles only when its thread has ended by itself. */
export const udpFailed = async (udp: Udp | undefined): Promise<Error> => {
  const fault = await udp?.ended;
  return fault ?? new Promise<never>(() => undefined);
};
