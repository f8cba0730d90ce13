export interface AgentPort {
  /** As Kubernetes wants it: at most 15 characters. */
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
}

/** What applications send to, on the ports that Jaeger, Zipkin and OpenTelemetry have always had. */
export const RECEIVER_PORTS: readonly AgentPort[] = [
  { name: "otlp-grpc", port: 4317, protocol: "TCP" },
  { name: "otlp-http", port: 4318, protocol: "TCP" },
  { name: "jaeger-compact", port: 6831, protocol: "UDP" },
  { name: "jaeger-binary", port: 6832, protocol: "UDP" },
  { name: "jaeger-grpc", port: 14_250, protocol: "TCP" },
  { name: "jaeger-thrift", port: 14_268, protocol: "TCP" },
  { name: "zipkin", port: 9411, protocol: "TCP" },
];

/** The extension would take 14250 for its gRPC, which is the receiver's: 5779 is where Jaeger has it now. */
export const SAMPLING_PORTS: readonly AgentPort[] = [
  { name: "sampling-http", port: 5778, protocol: "TCP" },
  { name: "sampling-grpc", port: 5779, protocol: "TCP" },
];

export const HEALTH_PORT = 13_133;

/** Prometheus: what the agent says of its own queue. */
export const METRICS_PORT = 8888;
