import dynalite from "dynalite";
import { type EmulatorData, serveEmulator } from "./emulator.ts";
import { boundDynamoFiles } from "./level-db.ts";
import { serveThread } from "./thread.ts";

boundDynamoFiles();
await serveThread<EmulatorData>(({ path }) => serveEmulator(dynalite({ path, createTableMs: 0 })));
