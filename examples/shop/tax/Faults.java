import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the run directory's faults.json switches on, looked at again when it has changed. */
final class Faults {
  private static final long LOOK_MS = 100;
  private static final Pattern SHARE = Pattern.compile("\"([a-z0-9-]+)\"\\s*:\\s*\\{[^}]*?\"share\"\\s*:\\s*([0-9.eE-]+)");

  private final Path path;
  private Map<String, Double> shares = Map.of();
  private FileTime changed;
  private long lookedMs;

  Faults(String run) {
    path = Path.of(run == null ? "." : run, "faults.json");
  }

  /** Tells whether a fault is on for this call: its share is drawn anew each time. */
  boolean on(String name) {
    return ThreadLocalRandom.current().nextDouble() < current().getOrDefault(name, 0.0);
  }

  /** Tells whether a fault is on at all. */
  boolean switchedOn(String name) {
    return current().containsKey(name);
  }

  private synchronized Map<String, Double> current() {
    long now = System.currentTimeMillis();
    if (now - lookedMs >= LOOK_MS) {
      lookedMs = now;
      try {
        FileTime at = Files.getLastModifiedTime(path);
        if (!at.equals(changed)) {
          shares = parse(Files.readString(path));
          changed = at;
        }
      } catch (NoSuchFileException none) {
        shares = Map.of();
        changed = null;
      } catch (IOException unreadable) {
        System.err.println("tax: " + path + " could not be read: " + unreadable);
      }
    }
    return shares;
  }

  private static Map<String, Double> parse(String json) {
    Map<String, Double> found = new HashMap<>();
    Matcher matcher = SHARE.matcher(json);
    while (matcher.find()) {
      found.put(matcher.group(1), Double.valueOf(matcher.group(2)));
    }
    return found;
  }
}
