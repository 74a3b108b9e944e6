package roomwright.polyglot;

import io.livekit.server.WebhookReceiver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import livekit.LivekitWebhook.WebhookEvent;

/** Reads deliveries from standard input, and says what the SDK's receiver makes of each. */
public final class Webhooks {
    private Webhooks() {}

    public static void main(String[] arguments) throws IOException {
        WebhookReceiver receiver =
                new WebhookReceiver(System.getenv("LIVEKIT_API_KEY"), System.getenv("LIVEKIT_API_SECRET"));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split(" ");
            System.out.println(received(receiver, decoded(parts[0]), decoded(parts[1])));
        }
    }

    private static String received(WebhookReceiver receiver, String authorization, String body) {
        WebhookEvent event;
        try {
            event = receiver.receive(body, authorization);
        } catch (Exception refused) {
            return "refused";
        }
        List<String> who = List.of(
                event.getRoom().getName(),
                event.getParticipant().getIdentity(),
                event.getTrack().getName(),
                event.getEgressInfo().getEgressId());
        String words = who.stream().map(name -> name.isEmpty() ? "-" : name).collect(Collectors.joining(" "));
        return "%s %s %d %s".formatted(event.getEvent(), event.getId(), event.getCreatedAt(), words);
    }

    private static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }
}
