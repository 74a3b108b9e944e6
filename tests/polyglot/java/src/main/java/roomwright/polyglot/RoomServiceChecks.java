package roomwright.polyglot;

import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import io.livekit.server.AccessToken;
import io.livekit.server.AgentDispatchServiceClient;
import io.livekit.server.RoomJoin;
import io.livekit.server.RoomName;
import io.livekit.server.RoomServiceClient;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import livekit.LivekitModels.DataPacket;
import livekit.LivekitModels.ParticipantInfo;
import livekit.LivekitModels.ParticipantPermission;
import livekit.LivekitModels.Room;
import livekit.LivekitModels.TrackInfo;
import livekit.LivekitModels.TrackSource;
import retrofit2.Call;
import retrofit2.Response;

/**
 * Calls every room method through the official Java server SDK and checks what each call did.
 *
 * <p>Prints {@code ok <method> <what>} per check and {@code passed <count>} at the end; see the README two levels up.
 */
public final class RoomServiceChecks {
    private static final int METADATA_LIMIT = 512 * 1024;

    private final String url = System.getenv("LIVEKIT_URL");
    private final String key = System.getenv("LIVEKIT_API_KEY");
    private final String secret = System.getenv("LIVEKIT_API_SECRET");
    private final String lounge = System.getenv("ROOM_PREFIX") + "-lounge";
    private final String annex = System.getenv("ROOM_PREFIX") + "-annex";
    private final Control control = new Control(System.getenv("CONTROL_URL"));
    private final RoomServiceClient rooms = RoomServiceClient.createClient(url, key, secret);
    private int passed = 0;

    public static void main(String[] arguments) {
        try {
            new RoomServiceChecks().run();
        } catch (Exception | AssertionError failure) {
            System.err.println("FAILED " + failure.getMessage());
            System.exit(1);
        }
        System.exit(0); // the SDK's connection pool would keep the process alive for a minute
    }

    private void run() throws Exception {
        checkRooms();
        checkParticipants();
        checkMoves();
        checkDispatches();
        checkDeletion();
        checkErrors();
        answer(rooms.deleteRoom(annex));
        System.out.println("passed " + passed);
    }

    private void check(String method, String what, Object seen, Object expected) {
        if (!seen.equals(expected)) {
            throw new AssertionError("%s %s: %s instead of %s".formatted(method, what, seen, expected));
        }
        passed++;
        System.out.println("ok " + method + " " + what);
    }

    private void checkRooms() throws IOException {
        Room room = answer(rooms.createRoom(lounge, 60, 7, null, "first"));
        check("CreateRoom", "answers with the settings it was given",
                List.of(room.getName(), room.getMetadata(), room.getMaxParticipants(), room.getEmptyTimeout()),
                List.of(lounge, "first", 7, 60));
        Room again = answer(rooms.createRoom(lounge, 60, 7, null, "first"));
        check("CreateRoom", "answers the same room the second time", again.getSid(), room.getSid());

        answer(rooms.createRoom(annex));
        check("ListRooms", "finds both rooms", roomNames(), List.of(annex, lounge));

        answer(rooms.updateRoomMetadata(lounge, "second"));
        Room listed = answer(rooms.listRooms(List.of(lounge))).get(0);
        check("UpdateRoomMetadata", "shows in ListRooms", listed.getMetadata(), "second");
    }

    private void checkParticipants() throws Exception {
        control.join(token("alice", "Alice"), "microphone");
        control.join(token("bob", "Bob"), "");

        ParticipantInfo alice = alice();
        check("AccessToken", "carries name, metadata and attributes into the room",
                List.of(alice.getName(), alice.getMetadata(), alice.getAttributesMap()),
                List.of("Alice", "from the token", Map.of("seat", "1")));
        check("ListParticipants", "lists both", identities(lounge), List.of("alice", "bob"));
        check("GetParticipant", "shows the published track",
                alice.getTracksList().stream().map(TrackInfo::getSource).toList(), List.of(TrackSource.MICROPHONE));

        String track = alice.getTracks(0).getSid();
        answer(rooms.mutePublishedTrack(lounge, "alice", track, true));
        check("MutePublishedTrack", "shows in GetParticipant", alice().getTracks(0).getMuted(), true);

        ParticipantPermission permission = ParticipantPermission.newBuilder()
                .setCanSubscribe(true)
                .setCanPublish(true)
                .setCanPublishData(false)
                .build();
        answer(rooms.updateParticipant(
                lounge, "alice", "Alicia", "from the API", permission, Map.of("mood", "calm")));
        alice = alice();
        check("UpdateParticipant", "shows in GetParticipant",
                List.of(alice.getName(), alice.getMetadata(), alice.getAttributesMap(),
                        alice.getPermission().getCanPublish(), alice.getPermission().getCanPublishData()),
                List.of("Alicia", "from the API", Map.of("seat", "1", "mood", "calm"), true, false));

        answer(rooms.updateSubscriptions(lounge, "bob", List.of(track), false));
        check("UpdateSubscriptions", "unsubscribes", control.subscriptions(lounge, "bob"), List.of());
        answer(rooms.updateSubscriptions(lounge, "bob", List.of(track), true));
        check("UpdateSubscriptions", "subscribes again", control.subscriptions(lounge, "bob"), List.of(track));

        answer(rooms.sendData(
                lounge, "hello".getBytes(), DataPacket.Kind.RELIABLE, List.of(), List.of("bob"), "greeting"));
        check("SendData", "reaches its addressee only",
                List.of(control.inbox(lounge, "alice"), control.inbox(lounge, "bob")),
                List.of(List.of(), List.of("greeting hello")));
    }

    private void checkMoves() throws IOException {
        answer(rooms.forwardParticipant(lounge, "alice", annex));
        check("ForwardParticipant", "shows in both rooms",
                List.of(identities(lounge), identities(annex)), List.of(List.of("alice", "bob"), List.of("alice")));
        answer(rooms.moveParticipant(lounge, "bob", annex));
        check("MoveParticipant", "changes the room",
                List.of(identities(lounge), identities(annex)), List.of(List.of("alice"), List.of("alice", "bob")));
        answer(rooms.removeParticipant(lounge, "alice"));
        check("RemoveParticipant", "shows in ListParticipants", identities(lounge), List.of());
    }

    private void checkDispatches() throws IOException {
        var dispatches = AgentDispatchServiceClient.createClient(url, key, secret);
        var created = answer(dispatches.createDispatch(lounge, "scribe", "minutes"));
        check("CreateDispatch", "answers with the agent",
                List.of(created.getAgentName(), created.getRoom(), created.getMetadata()),
                List.of("scribe", lounge, "minutes"));
        var listed = answer(dispatches.listDispatch(lounge));
        check("ListDispatch", "lists it", listed.contains(created), true);
        answer(dispatches.deleteDispatch(lounge, created.getId()));
        listed = answer(dispatches.listDispatch(lounge));
        check("DeleteDispatch", "takes it off the list", listed.contains(created), false);
    }

    private void checkDeletion() throws IOException {
        answer(rooms.deleteRoom(lounge));
        check("DeleteRoom", "shows in ListRooms", roomNames(), List.of(annex));
    }

    private void checkErrors() throws IOException {
        RoomServiceClient stranger = RoomServiceClient.createClient(url, key, secret + "?");
        check("ListRooms", "refuses a wrong secret", error(stranger.listRooms()), "401 unauthenticated");
        check("GetParticipant", "misses an absent participant",
                error(rooms.getParticipant(annex, "carol")), "404 not_found");
        check("UpdateRoomMetadata", "refuses metadata above the limit",
                error(rooms.updateRoomMetadata(annex, "x".repeat(METADATA_LIMIT + 1))), "400 invalid_argument");
    }

    private String token(String identity, String name) {
        AccessToken token = new AccessToken(key, secret);
        token.setIdentity(identity);
        token.setName(name);
        token.setMetadata("from the token");
        token.getAttributes().put("seat", "1");
        token.addGrants(new RoomJoin(true), new RoomName(lounge));
        return token.toJwt();
    }

    private ParticipantInfo alice() throws IOException {
        return answer(rooms.getParticipant(lounge, "alice"));
    }

    private List<String> roomNames() throws IOException {
        return answer(rooms.listRooms(List.of(lounge, annex))).stream().map(Room::getName).sorted().toList();
    }

    private List<String> identities(String room) throws IOException {
        return answer(rooms.listParticipants(room)).stream().map(ParticipantInfo::getIdentity).sorted().toList();
    }

    private static <T> T answer(Call<T> call) throws IOException {
        Response<T> response = call.execute();
        if (!response.isSuccessful()) {
            throw new IOException(call.request().url() + ": " + response.code() + " " + response.errorBody().string());
        }
        return response.body();
    }

    /** The status and the code of a refusal, which this SDK hands over as the raw response. */
    private static String error(Call<?> call) throws IOException {
        Response<?> response = call.execute();
        if (response.isSuccessful()) {
            return "no error";
        }
        Struct.Builder body = Struct.newBuilder();
        JsonFormat.parser().merge(response.errorBody().string(), body);
        return response.code() + " " + body.getFieldsOrThrow("code").getStringValue();
    }
}
