import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;

/**
 * Receipts that nobody asks for again. Fault gc-pauses: they are all kept, in small objects, until the old generation is
 * full, so that whatever is allocated stops the whole process for a collection of all of it.
 */
final class Receipts {
  private static final double FULL = 0.6;
  private static final int LINES_PER_REQUEST = 800_000;

  private Line kept;

  private record Line(Line before, long number, long cents) {}

  /** Keeps more receipts until the heap is nearly full, then works on one that is thrown away. */
  synchronized void keep() {
    Runtime runtime = Runtime.getRuntime();
    while (kept == null || runtime.totalMemory() - runtime.freeMemory() < FULL * runtime.maxMemory()) {
      kept = lines(kept);
    }
    lines(null);
  }

  synchronized void forget() {
    kept = null;
  }

  private static Line lines(Line before) {
    Line last = before;
    for (int number = 0; number < LINES_PER_REQUEST; number++) {
      last = new Line(last, number, 100L * number);
    }
    return last;
  }

  /** Milliseconds that this process has stood still for collections so far. */
  static long collectingMs() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
        .sum();
  }
}
