export interface Regular {
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

/** Does the work again and again, never twice at the same time. What goes wrong is told, and tried again at the next turn. */
export function regularly(
  work: () => Promise<unknown>,
  everyMillis: number,
  onFault: (fault: unknown) => void,
): Regular {
  let running: Promise<void> | undefined;
  async function run(): Promise<void> {
    try {
      await work();
    } catch (fault) {
      onFault(fault);
    } finally {
      running = undefined;
    }
  }
  const timer = setInterval(() => {
    running ??= run();
  }, everyMillis);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
