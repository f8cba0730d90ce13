/** Whether a server takes calls, for those who ask and those who want to be told. */
export interface Serving {
  readonly isServing: () => boolean;
  /** How it is now, and then every change; ends with the server, or when the signal is aborted. */
  readonly watch: (signal: AbortSignal) => AsyncIterable<boolean>;
}

export interface ServingState extends Serving {
  set(isServing: boolean): void;
  /** Tells everyone that it serves no more, and ends. */
  end(): void;
}

/** A server that does not serve yet. */
export function servingState(): ServingState {
  let current = false;
  let isEnded = false;
  let change = Promise.withResolvers<void>();
  const tell = (): void => {
    change.resolve();
    change = Promise.withResolvers();
  };
  return {
    isServing: () => current,
    async *watch(signal) {
      let told: boolean | undefined;
      while (!signal.aborted) {
        const next = change.promise;
        if (told !== current) {
          told = current;
          yield current;
        } else if (isEnded) return;
        else await Promise.race([next, aborted(signal)]);
      }
    },
    set(isServing) {
      current = isServing;
      tell();
    },
    end() {
      current = false;
      isEnded = true;
      tell();
    },
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
