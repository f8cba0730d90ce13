import dynalite from "dynalite";
import { type EmulatorData, serveEmulator } from "./emulator.ts";
import { serveThread } from "./thread.ts";

await serveThread<EmulatorData>(({ path }) => serveEmulator(dynalite({ path, createTableMs: 0 })));
