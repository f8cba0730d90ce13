import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/deploy/**", "test/interop/**", "test/bench/**"],
    // Two cores: more files at once only make each one slower and timeouts likelier.
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
