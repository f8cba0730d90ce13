import { firstHash, HASHES } from "./hash-ranges.ts";

/** A part of an input, read from its lowest hash to its highest. */
export interface OpenPart {
  /** Hands over what it holds of hashes below `to` that was not handed over before; true when nothing is left. */
  drain(to: number): boolean;
}

/** One kind of an input's parts, cut by equal ranges of hash. */
export interface Parts {
  readonly count: number;
  load(n: number): Promise<Uint8Array>;
  open(part: Uint8Array, from: number, below: number): OpenPart;
}

/** Reads each part once, in the order of hashes, while the next one is under way. */
export class Cursor {
  private readonly parts: Parts;
  private part: OpenPart | undefined;
  /** Parts that have been opened. */
  private opened = 0;
  private ahead: Promise<Uint8Array> | undefined;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Hands over all that is at hand of hashes below `to`. */
  drain(to: number): void {
    if (this.part?.drain(to)) this.part = undefined;
  }

  /** Whether a part that is not at hand holds hashes below `to`. */
  isStuck(to: number): boolean {
    return this.part === undefined && this.opened < this.parts.count && this.from(this.opened) < to;
  }

  async load(): Promise<void> {
    const n = this.opened++;
    const bytes = await (this.ahead ?? this.parts.load(n));
    this.ahead = undefined;
    if (this.opened < this.parts.count) {
      this.ahead = this.parts.load(this.opened);
      // Whoever waits for it is told; until then nobody does.
      this.ahead.catch(() => {});
    }
    this.part = this.parts.open(bytes, this.from(n), n + 1 === this.parts.count ? HASHES : this.from(n + 1));
  }

  private from(n: number): number {
    return firstHash(n, this.parts.count);
  }
}
