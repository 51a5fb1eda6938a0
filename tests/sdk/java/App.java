import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/**
 * A small server that knows nothing of tracing: GET /hop?next=URL asks the next one. Traced by the unmodified
 * OpenTelemetry agent: java -javaagent:opentelemetry-javaagent.jar App PORT
 */
public final class App {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  public static void main(String[] arguments) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 0);
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.createContext("/hop", App::hop);
    server.start();
  }

  private static void hop(HttpExchange exchange) throws IOException {
    String query = exchange.getRequestURI().getRawQuery();
    int status = 200;
    if (query != null && query.startsWith("next=")) {
      URI next = URI.create(URLDecoder.decode(query.substring(5), StandardCharsets.UTF_8));
      try {
        status = CLIENT.send(HttpRequest.newBuilder(next).build(), HttpResponse.BodyHandlers.discarding()).statusCode();
      } catch (InterruptedException interrupted) {
        status = 503;
      }
    }
    byte[] body = "java\n".getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
