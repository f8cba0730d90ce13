// Moves the clock of a process that preloads this (node --import), and of its threads, by MOVED_CLOCK_MILLIS.
const moved = Number(process.env.MOVED_CLOCK_MILLIS);

globalThis.Date = new Proxy(Date, {
  construct: (real, given) => Reflect.construct(real, given.length === 0 ? [real.now() + moved] : given),
  get: (real, name) => (name === "now" ? () => real.now() + moved : Reflect.get(real, name)),
});
