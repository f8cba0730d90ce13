package shop.samplers;

import java.util.function.BooleanSupplier;

/** The requests that each sampler beside this file decides about. */
final class Traffic {
  private Traffic() {}

  /**
   * Starts and ends a span for each; {@code start} says whether it was kept. Prints, for each second, how many there were and
   * how many of them were kept.
   */
  static void run(BooleanSupplier start) throws InterruptedException {
    int requests = Integer.parseInt(System.getenv().getOrDefault("REQUESTS", "1000"));
    int perSecond = Integer.parseInt(System.getenv().getOrDefault("PER_SECOND", "500"));
    long began = System.currentTimeMillis();
    int kept = 0;
    for (int i = 1; i <= requests; i++) {
      if (start.getAsBoolean()) kept++;
      if (i % perSecond == 0) {
        System.out.printf("{\"requests\":%d,\"kept\":%d}%n", perSecond, kept);
        kept = 0;
      }
      Thread.sleep(Math.max(0, began + i * 1000L / perSecond - System.currentTimeMillis()));
    }
  }
}
