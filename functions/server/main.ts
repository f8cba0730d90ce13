import type { Log } from "../../lib/runtime/log.ts";
import { isLoopback } from "./access.ts";
import type { Server } from "./server.ts";
import { serverLog } from "./server-log.ts";
import { helpText, readSettings } from "./settings.ts";
import type { Settings } from "./settings-table.ts";
import { untilTold } from "./signals.ts";
import { Usage } from "./usage.ts";

const isTerminal = process.stdout.isTTY === true;
const log = serverLog(isTerminal);

try {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings === "help") process.stdout.write(helpText());
  else process.exitCode = await serve(settings, log);
} catch (error) {
  if (error instanceof Usage) process.stderr.write(`skua: ${error.message}\n`);
  else log.error("could not start", { error });
  process.exitCode = error instanceof Usage ? error.exitCode : 1;
}
// Whatever still runs has been given its time.
process.exit();

async function serve(settings: Settings, log: Log): Promise<number> {
  const told = untilTold(process);
  // Not before it is needed: whoever asks for help need not wait for the AWS SDK.
  const { startServer } = await import("./server.ts");
  const server = await Promise.race([startServer(settings, log, isTerminal), told]);
  if (typeof server === "string") return 0;
  announce(server, settings);
  const end = await Promise.race([told, server.failed]);
  if (end instanceof Error) {
    if (end instanceof Usage) log.error(end.message);
    else log.error("a part that nothing works without has ended", { error: end });
    return 1;
  }
  log.info("stopping", { signal: end });
  await server.stop();
  log.info("stopped");
  return 0;
}

/** Where to send and where to look. */
function announce(server: Server, { host, retentionHours, foreignStream }: Settings): void {
  const { addresses, kinesis, data, isOpen } = server;
  const { otlp, otlpGrpc, jaegerGrpc, samplingGrpc, jaeger, zipkin, udp, query, sampling, health, metrics } = addresses;
  const foreign = foreignStream === "" ? {} : { foreignStream, kinesis };
  if (!isTerminal) log.info("ready", { ...addresses, data, retentionHours, ...foreign });
  else
    process.stdout.write(
      [
        "",
        "Skua is ready.",
        `  send spans to  ${otlp}/v1/traces   (OTLP over HTTP: OTEL_EXPORTER_OTLP_ENDPOINT=${otlp})`,
        `  or to          ${otlpGrpc}   (OTLP over gRPC)`,
        `  or to          ${jaegerGrpc}   (Jaeger's gRPC)`,
        `  or to          ${jaeger}/api/traces   (Jaeger's Thrift over HTTP)`,
        `  or to          ${zipkin}/api/v2/spans   (Zipkin)`,
        ...(udp.compact === undefined
          ? []
          : [
              `  or by UDP to   ${host}, ports ${udp.compact} (compact) and ${udp.binary} (binary)   (Jaeger's clients)`,
            ]),
        ...(foreignStream === "" ? [] : [`  or records to  stream ${foreignStream} of Kinesis at ${kinesis ?? "AWS"}`]),
        `  look at        ${query}/`,
        `  sampling       ${sampling}/sampling?service=…, ${samplingGrpc} (gRPC)`,
        `  health         ${health}/status`,
        `  metrics        ${metrics}/metrics   (Prometheus)`,
        `  data           ${data}, kept for ${retentionHours} hours`,
        "",
        "",
      ].join("\n"),
    );
  if (!isOpen) return;
  if (isLoopback(host)) log.info("nothing asks for credentials; only this machine can reach it", { host });
  else log.warn("nothing asks for credentials, and other machines can reach it", { host });
}
