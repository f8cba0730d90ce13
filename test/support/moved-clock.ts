// Moves the clock of a process that preloads this (node --import), and of its threads, by MOVED_CLOCK_MILLIS.
const moved = Number(process.env.MOVED_CLOCK_MILLIS);
const RealDate = globalThis.Date;

globalThis.Date = class extends RealDate {
  constructor(...given: readonly number[]) {
    super(...((given.length === 0 ? [RealDate.now() + moved] : given) as [number]));
  }

  static override now(): number {
    return RealDate.now() + moved;
  }
} as DateConstructor;
