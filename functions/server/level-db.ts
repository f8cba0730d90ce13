import { createRequire } from "node:module";

/** What is changed of a LevelDB binding, be it abstract-level's or the older abstract-leveldown's. */
interface LevelClass {
  readonly prototype: { _open(options: object, ...more: unknown[]): unknown };
}

interface LevelIterator {
  close(): Promise<void>;
  return?: () => Promise<void>;
}

interface LevelWithIterators extends LevelClass {
  readonly prototype: LevelClass["prototype"] & Record<"keys" | "values", (options?: object) => LevelIterator>;
}

/**
 * Tables that are kept open, each mapped into memory: 2 MiB by 64, and ten more that LevelDB sets aside for other files.
 * Its own thousand would let the process grow with the data, to gigabytes.
 */
const MAX_OPEN_FILES = 64 + 10;

/** The very copies that the emulators use, whichever version they came with. */
const { Level }: { readonly Level: LevelWithIterators } = createRequire(import.meta.resolve("dynalite"))("level");
const leveldown: LevelClass = createRequire(import.meta.resolve("kinesalite"))("leveldown");

/** Call it before kinesalite opens its folder. */
export const boundKinesisFiles = (): void => boundFiles(leveldown);

/** Call it before dynalite opens its folder. */
export function boundDynamoFiles(): void {
  boundFiles(Level);
  closeIterators(Level);
}

function boundFiles({ prototype }: LevelClass): void {
  const open = prototype._open;
  prototype._open = function (options, ...more) {
    const opening = open.call(this, { ...options, maxOpenFiles: MAX_OPEN_FILES }, ...more);
    if (opening instanceof Promise) opening.catch(endThread);
    return opening;
  };
}

/** dynalite says of a database that cannot be opened only that it is closed, to whoever asks it first. */
function endThread(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/**
 * dynalite ends its iterators with `return`, which they do not have. Each that stays open keeps the files that it began
 * on: after a thousand queries the folder is several times the size of what is in it.
 */
function closeIterators({ prototype }: LevelWithIterators): void {
  for (const kind of ["keys", "values"] as const) {
    const iterate = prototype[kind];
    prototype[kind] = function (options) {
      const iterator = iterate.call(this, options);
      iterator.return = () => iterator.close();
      return iterator;
    };
  }
}
