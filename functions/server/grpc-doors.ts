import { ServerCredentials } from "@grpc/grpc-js";
import { exportMethod, postSpansMethod } from "../../lib/http/ingest-methods.ts";
import { samplingMethod } from "../../lib/http/sampling-method.ts";
import { healthMethods } from "../../lib/rpc/health.ts";
import type { Method } from "../../lib/rpc/method.ts";
import { reflectionMethods } from "../../lib/rpc/reflection.ts";
import { type ServingState, servingState } from "../../lib/rpc/serving.ts";
import type { Strategies } from "../../lib/sampling/strategies.ts";
import { FILES } from "../../proto/gen/descriptors.ts";
import type { Access } from "./access.ts";
import type { GrpcDoor } from "./grpc-door.ts";
import { grpcServer } from "./grpc-server.ts";
import type { IngestBy } from "./requests.ts";

export interface GrpcDoors {
  readonly otlpGrpc: GrpcDoor;
  readonly jaegerGrpc: GrpcDoor;
  readonly samplingGrpc: GrpcDoor;
}

export interface GrpcDoorsParts {
  readonly ingestBy: IngestBy;
  readonly strategies: () => Strategies;
  readonly access: Pick<Access, "ingest">;
  /** Told of every fault that is not the client's. */
  readonly onFault: (error: unknown) => void;
  /** Told of every error that is an answer, by the HTTP status that means the same. */
  readonly onRefused: (status: number) => void;
}

/** Puts behind each door what its port is for, health checks and reflection. Calls are answered from now on, also those that wait. */
export function serveGrpc(
  doors: GrpcDoors,
  { ingestBy, strategies, access, onFault, onRefused }: GrpcDoorsParts,
): ServingState {
  const serving = servingState();
  const serve = (door: GrpcDoor, methods: readonly Method<"ingest">[]): void => {
    const health = healthMethods(serving, namesOf(methods));
    const asked = [...methods, ...health];
    const server = grpcServer({
      methods: [...asked, ...reflectionMethods(namesOf(asked), FILES)],
      tenants: access,
      onFault,
      onRefused,
    });
    door.serve(server, server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection);
  };
  const sampling = samplingMethod(strategies);
  serve(doors.otlpGrpc, [exportMethod(ingestBy("otlp", "grpc"))]);
  // Jaeger's clients ask how to sample where they send.
  serve(doors.jaegerGrpc, [postSpansMethod(ingestBy("jaeger", "grpc")), sampling]);
  serve(doors.samplingGrpc, [sampling]);
  serving.set(true);
  return serving;
}

const namesOf = (methods: readonly Method[]): string[] => [...new Set(methods.map(({ service }) => service))];
