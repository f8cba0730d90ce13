/**
 * What runs a function's code in a process of its own, as Lambda's runtime does: loads the module once, then calls the
 * handler once an event. No streaming global, as in emulators. Arguments: the file, the name of the handler.
 */
import { pathToFileURL } from "node:url";

const [, , file = "", name = ""] = process.argv;
const handler = (await import(pathToFileURL(file).href))[name];

process.on("message", async (event: unknown) => {
  try {
    process.send?.({ answer: (await handler(event)) ?? null });
  } catch (error) {
    process.send?.({ fault: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  }
});
process.send?.({ ready: true });
