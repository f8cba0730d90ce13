import kinesalite from "kinesalite";
import db, { type KinesisStore } from "kinesalite/db/index.js";
import { type EmulatorData, serveEmulator } from "./emulator.ts";
import { boundKinesisFiles } from "./level-db.ts";
import { regularly } from "./regularly.ts";
import { serverLog } from "./server-log.ts";
import { sweepStreams } from "./stream-sweep.ts";
import { serveThread } from "./thread.ts";

/** Records expire a day after they came; a minute more or less does not matter, and the first pass clears a backlog. */
const SWEEP_MILLIS = 60_000;

boundKinesisFiles();
await serveThread<EmulatorData>(async ({ path, port, isTerminal }) => {
  const log = serverLog(isTerminal);
  const stores: KinesisStore[] = [];
  const create = db.create;
  // The emulator keeps its store to itself, and deletes an expired record only when a reader passes it.
  db.create = (options) => {
    const store = create(options);
    stores.push(store);
    return store;
  };
  const emulator = await serveEmulator(kinesalite({ path, createStreamMs: 0 }), port);
  const sweeping = regularly(
    () => Promise.all(stores.map((store) => sweepStreams(store, Date.now))),
    SWEEP_MILLIS,
    (error) => log.warn("could not sweep the stream; will try again", { error }),
  );
  return {
    hello: emulator.hello,
    async close() {
      await sweeping.stop();
      await emulator.close();
    },
  };
});
