import dynalite from "dynalite";
import { sumNatively } from "./dynalite-checksum.ts";
import { type EmulatorData, serveEmulator } from "./emulator.ts";
import { boundDynamoFiles } from "./level-db.ts";
import { serveThread } from "./thread.ts";

boundDynamoFiles();
sumNatively();
await serveThread<EmulatorData>(({ path }) => serveEmulator(dynalite({ path, createTableMs: 0 })));
