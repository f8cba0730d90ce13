/** A seeded generator (mulberry32): the same seed gives the same traffic on every machine. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  uint32(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.fraction() * below);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** `bytes` random bytes as hex. */
  hex(bytes: number): string {
    let text = "";
    while (text.length < bytes * 2) text += this.uint32().toString(16).padStart(8, "0");
    return text.slice(0, bytes * 2);
  }

  /** Log-normal around `median`: what durations look like. */
  logNormal(median: number, spread: number): number {
    const u = Math.max(this.fraction(), 1e-12);
    const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.fraction());
    return median * Math.exp(spread * normal);
  }
}
