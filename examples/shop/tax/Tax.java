import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/**
 * The tax on a net amount: GET /tax?country=DE&cents=1000 answers {"country", "percent", "cents"}. It knows nothing of
 * tracing: OpenTelemetry's agent traces it, and keeps what its answers say of garbage collection (Server-Timing).
 * Environment: SHOP_PORT, SHOP_RUN.
 */
public final class Tax {
  private static final Map<String, Integer> PERCENT =
      Map.of("AT", 20, "CH", 8, "DE", 19, "ES", 21, "FR", 20, "GB", 20, "IT", 22, "NL", 21, "PL", 23, "US", 7);
  private static final int THREADS = 8;

  private final Faults faults = new Faults(System.getenv("SHOP_RUN"));
  private final Receipts receipts = new Receipts();

  public static void main(String[] arguments) throws IOException {
    Tax tax = new Tax();
    int port = Integer.parseInt(System.getenv("SHOP_PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.setExecutor(Executors.newFixedThreadPool(THREADS));
    server.createContext("/tax", tax::tax);
    server.start();
    System.in.transferTo(OutputStream.nullOutputStream()); // ends when the shop that started this process is gone
    System.exit(0);
  }

  private void tax(HttpExchange exchange) throws IOException {
    long collectedBefore = Receipts.collectingMs();
    if (faults.on("gc-pauses")) {
      receipts.keep();
    } else if (!faults.switchedOn("gc-pauses")) {
      receipts.forget();
    }
    Map<String, String> query = query(exchange);
    Integer percent = PERCENT.get(query.get("country"));
    if (percent == null || !query.getOrDefault("cents", "").matches("\\d{1,12}")) {
      answer(exchange, 400, "{\"error\": \"country or cents is missing or unknown\"}");
      return;
    }
    long tax = Math.round(Long.parseLong(query.get("cents")) * percent / 100.0);
    exchange.getResponseHeaders().set("Server-Timing", "gc;dur=" + (Receipts.collectingMs() - collectedBefore));
    String body = "{\"country\": \"%s\", \"percent\": %d, \"cents\": %d}";
    answer(exchange, 200, body.formatted(query.get("country"), percent, tax));
  }

  private static Map<String, String> query(HttpExchange exchange) {
    String raw = exchange.getRequestURI().getRawQuery();
    return Arrays.stream((raw == null ? "" : raw).split("&"))
        .map(pair -> pair.split("=", 2))
        .filter(pair -> pair.length == 2)
        .collect(Collectors.toMap(pair -> pair[0], pair -> URLDecoder.decode(pair[1], StandardCharsets.UTF_8), (a, b) -> b));
  }

  private static void answer(HttpExchange exchange, int status, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
