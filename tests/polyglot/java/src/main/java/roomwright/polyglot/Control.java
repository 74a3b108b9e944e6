package roomwright.polyglot;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The endpoint that lets participants join and tells what they saw: one line of text each. */
final class Control {
    private final HttpClient client = HttpClient.newHttpClient();
    private final String url;

    Control(String url) {
        this.url = url;
    }

    void join(String token, String publish) throws IOException, InterruptedException {
        lines(HttpRequest.newBuilder(uri("/join?publish=%s", publish))
                .header("Authorization", "Bearer " + token)
                .POST(HttpRequest.BodyPublishers.noBody()));
    }

    List<String> inbox(String room, String identity) throws IOException, InterruptedException {
        return lines(HttpRequest.newBuilder(uri("/inbox?room=%s&identity=%s", room, identity)));
    }

    List<String> subscriptions(String room, String identity) throws IOException, InterruptedException {
        return lines(HttpRequest.newBuilder(uri("/subscriptions?room=%s&identity=%s", room, identity)));
    }

    private URI uri(String path, String... values) {
        Object[] encoded = List.of(values).stream()
                .map(value -> URLEncoder.encode(value, StandardCharsets.UTF_8))
                .toArray();
        return URI.create(url + path.formatted(encoded));
    }

    private List<String> lines(HttpRequest.Builder request) throws IOException, InterruptedException {
        var response = client.send(request.build(), BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException(response.request() + ": " + response.statusCode() + " " + response.body());
        }
        return response.body().lines().toList();
    }
}
