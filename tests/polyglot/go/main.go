// Calls every room method through the official Go server SDK and checks what each call did.
// Prints `ok <method> <what>` per check and `passed <count>` at the end; see ../README.md.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/twitchtv/twirp"
)

const metadataLimit = 512 * 1024

var (
	host       = os.Getenv("LIVEKIT_URL")
	apiKey     = os.Getenv("LIVEKIT_API_KEY")
	apiSecret  = os.Getenv("LIVEKIT_API_SECRET")
	controlURL = os.Getenv("CONTROL_URL")
	lounge     = os.Getenv("ROOM_PREFIX") + "-lounge"
	annex      = os.Getenv("ROOM_PREFIX") + "-annex"
)

// script is one run of the checks, in the order of checks.txt.
type script struct {
	ctx        context.Context
	rooms      *lksdk.RoomServiceClient
	dispatches *lksdk.AgentDispatchClient
	passed     int
}

func main() {
	log.SetFlags(0)
	api, err := lksdk.NewLiveKitAPI(lksdk.WithURL(host), lksdk.WithAPIKey(apiKey, apiSecret))
	must(err)
	s := &script{ctx: context.Background(), rooms: api.Room(), dispatches: api.AgentDispatch()}
	s.checkRooms()
	s.checkParticipants()
	s.checkMoves()
	s.checkDispatches()
	s.checkDeletion()
	s.checkErrors()
	get(s.rooms.DeleteRoom(s.ctx, &livekit.DeleteRoomRequest{Room: annex}))
	fmt.Println("passed", s.passed)
}

func (s *script) check(method, what string, seen, expected any) {
	if !reflect.DeepEqual(seen, expected) {
		log.Fatalf("FAILED %s %s: %v instead of %v", method, what, seen, expected)
	}
	s.passed++
	fmt.Println("ok", method, what)
}

func (s *script) checkRooms() {
	settings := &livekit.CreateRoomRequest{Name: lounge, Metadata: "first", MaxParticipants: 7, EmptyTimeout: 60}
	room := get(s.rooms.CreateRoom(s.ctx, settings))
	s.check("CreateRoom", "answers with the settings it was given",
		[]any{room.Name, room.Metadata, room.MaxParticipants, room.EmptyTimeout},
		[]any{lounge, "first", uint32(7), uint32(60)})
	again := get(s.rooms.CreateRoom(s.ctx, settings))
	s.check("CreateRoom", "answers the same room the second time", again.Sid, room.Sid)

	get(s.rooms.CreateRoom(s.ctx, &livekit.CreateRoomRequest{Name: annex}))
	s.check("ListRooms", "finds both rooms", s.roomNames(), []string{annex, lounge})

	get(s.rooms.UpdateRoomMetadata(s.ctx, &livekit.UpdateRoomMetadataRequest{Room: lounge, Metadata: "second"}))
	listed := get(s.rooms.ListRooms(s.ctx, &livekit.ListRoomsRequest{Names: []string{lounge}})).Rooms
	s.check("UpdateRoomMetadata", "shows in ListRooms", listed[0].Metadata, "second")
}

func (s *script) checkParticipants() {
	join("alice", "Alice", url.Values{"publish": {"microphone"}})
	join("bob", "Bob", nil)

	alice := s.alice()
	s.check("AccessToken", "carries name, metadata and attributes into the room",
		[]any{alice.Name, alice.Metadata, alice.Attributes},
		[]any{"Alice", "from the token", map[string]string{"seat": "1"}})
	s.check("ListParticipants", "lists both", s.identities(lounge), []string{"alice", "bob"})
	s.check("GetParticipant", "shows the published track", alice.Tracks[0].Source, livekit.TrackSource_MICROPHONE)

	track := alice.Tracks[0].Sid
	get(s.rooms.MutePublishedTrack(s.ctx,
		&livekit.MuteRoomTrackRequest{Room: lounge, Identity: "alice", TrackSid: track, Muted: true}))
	s.check("MutePublishedTrack", "shows in GetParticipant", s.alice().Tracks[0].Muted, true)

	get(s.rooms.UpdateParticipant(s.ctx, &livekit.UpdateParticipantRequest{
		Room:       lounge,
		Identity:   "alice",
		Name:       "Alicia",
		Metadata:   "from the API",
		Attributes: map[string]string{"mood": "calm"},
		Permission: &livekit.ParticipantPermission{CanSubscribe: true, CanPublish: true, CanPublishData: false},
	}))
	alice = s.alice()
	s.check("UpdateParticipant", "shows in GetParticipant",
		[]any{alice.Name, alice.Metadata, alice.Attributes, alice.Permission.CanPublish, alice.Permission.CanPublishData},
		[]any{"Alicia", "from the API", map[string]string{"seat": "1", "mood": "calm"}, true, false})

	subscribe := func(subscribe bool) []string {
		get(s.rooms.UpdateSubscriptions(s.ctx, &livekit.UpdateSubscriptionsRequest{
			Room: lounge, Identity: "bob", TrackSids: []string{track}, Subscribe: subscribe}))
		return seenBy("bob", "/subscriptions")
	}
	s.check("UpdateSubscriptions", "unsubscribes", subscribe(false), []string{})
	s.check("UpdateSubscriptions", "subscribes again", subscribe(true), []string{track})

	topic := "greeting"
	get(s.rooms.SendData(s.ctx, &livekit.SendDataRequest{
		Room: lounge, Data: []byte("hello"), Topic: &topic, DestinationIdentities: []string{"bob"}}))
	s.check("SendData", "reaches its addressee only",
		[][]string{seenBy("alice", "/inbox"), seenBy("bob", "/inbox")}, [][]string{{}, {"greeting hello"}})
}

func (s *script) checkMoves() {
	present := func() [][]string { return [][]string{s.identities(lounge), s.identities(annex)} }

	get(s.rooms.ForwardParticipant(s.ctx,
		&livekit.ForwardParticipantRequest{Room: lounge, Identity: "alice", DestinationRoom: annex}))
	s.check("ForwardParticipant", "shows in both rooms", present(), [][]string{{"alice", "bob"}, {"alice"}})
	get(s.rooms.MoveParticipant(s.ctx,
		&livekit.MoveParticipantRequest{Room: lounge, Identity: "bob", DestinationRoom: annex}))
	s.check("MoveParticipant", "changes the room", present(), [][]string{{"alice"}, {"alice", "bob"}})
	get(s.rooms.RemoveParticipant(s.ctx, &livekit.RoomParticipantIdentity{Room: lounge, Identity: "alice"}))
	s.check("RemoveParticipant", "shows in ListParticipants", s.identities(lounge), []string{})
}

func (s *script) checkDispatches() {
	listed := func(id string) bool {
		answer := get(s.dispatches.ListDispatch(s.ctx, &livekit.ListAgentDispatchRequest{Room: lounge}))
		return slices.ContainsFunc(answer.AgentDispatches, func(d *livekit.AgentDispatch) bool { return d.Id == id })
	}

	dispatch := get(s.dispatches.CreateDispatch(s.ctx,
		&livekit.CreateAgentDispatchRequest{Room: lounge, AgentName: "scribe", Metadata: "minutes"}))
	s.check("CreateDispatch", "answers with the agent",
		[]string{dispatch.AgentName, dispatch.Room, dispatch.Metadata}, []string{"scribe", lounge, "minutes"})
	s.check("ListDispatch", "lists it", listed(dispatch.Id), true)
	get(s.dispatches.DeleteDispatch(s.ctx, &livekit.DeleteAgentDispatchRequest{DispatchId: dispatch.Id, Room: lounge}))
	s.check("DeleteDispatch", "takes it off the list", listed(dispatch.Id), false)
}

func (s *script) checkDeletion() {
	get(s.rooms.DeleteRoom(s.ctx, &livekit.DeleteRoomRequest{Room: lounge}))
	s.check("DeleteRoom", "shows in ListRooms", s.roomNames(), []string{annex})
}

func (s *script) checkErrors() {
	stranger := lksdk.NewRoomServiceClient(host, apiKey, apiSecret+"?")
	_, err := stranger.ListRooms(s.ctx, &livekit.ListRoomsRequest{})
	s.check("ListRooms", "refuses a wrong secret", codeOf(err), twirp.Unauthenticated)
	_, err = s.rooms.GetParticipant(s.ctx, &livekit.RoomParticipantIdentity{Room: annex, Identity: "carol"})
	s.check("GetParticipant", "misses an absent participant", codeOf(err), twirp.NotFound)
	_, err = s.rooms.UpdateRoomMetadata(s.ctx,
		&livekit.UpdateRoomMetadataRequest{Room: annex, Metadata: strings.Repeat("x", metadataLimit+1)})
	s.check("UpdateRoomMetadata", "refuses metadata above the limit", codeOf(err), twirp.InvalidArgument)
}

func (s *script) alice() *livekit.ParticipantInfo {
	return get(s.rooms.GetParticipant(s.ctx, &livekit.RoomParticipantIdentity{Room: lounge, Identity: "alice"}))
}

func (s *script) roomNames() []string {
	answer := get(s.rooms.ListRooms(s.ctx, &livekit.ListRoomsRequest{Names: []string{lounge, annex}}))
	return sorted(answer.Rooms, (*livekit.Room).GetName)
}

func (s *script) identities(room string) []string {
	answer := get(s.rooms.ListParticipants(s.ctx, &livekit.ListParticipantsRequest{Room: room}))
	return sorted(answer.Participants, (*livekit.ParticipantInfo).GetIdentity)
}

func sorted[T any](items []T, name func(T) string) []string {
	names := []string{}
	for _, item := range items {
		names = append(names, name(item))
	}
	slices.Sort(names)
	return names
}

// join lets a participant into the lounge with a token of the SDK's making.
func join(identity, name string, query url.Values) {
	token := get(auth.NewAccessToken(apiKey, apiSecret).
		SetIdentity(identity).
		SetName(name).
		SetMetadata("from the token").
		SetAttributes(map[string]string{"seat": "1"}).
		SetVideoGrant(&auth.VideoGrant{RoomJoin: true, Room: lounge}).
		ToJWT())
	request := get(http.NewRequest(http.MethodPost, controlURL+"/join?"+query.Encode(), nil))
	request.Header.Set("Authorization", "Bearer "+token)
	control(request)
}

// seenBy asks the control endpoint what a participant in the lounge saw: one line of text each.
func seenBy(identity, path string) []string {
	query := url.Values{"room": {lounge}, "identity": {identity}}
	request := get(http.NewRequest(http.MethodGet, controlURL+path+"?"+query.Encode(), nil))
	return strings.FieldsFunc(control(request), func(r rune) bool { return r == '\n' })
}

func control(request *http.Request) string {
	response := get(http.DefaultClient.Do(request))
	defer response.Body.Close()
	text := string(get(io.ReadAll(response.Body)))
	if response.StatusCode != http.StatusOK {
		log.Fatalf("FAILED control %s %s: %s %s", request.Method, request.URL, response.Status, text)
	}
	return text
}

// codeOf tells the code of the SDK's own error.
func codeOf(err error) twirp.ErrorCode {
	if twerr, ok := err.(twirp.Error); ok {
		return twerr.Code()
	}
	return twirp.NoError
}

func get[T any](value T, err error) T {
	must(err)
	return value
}

func must(err error) {
	if err != nil {
		log.Output(3, "FAILED "+err.Error())
		os.Exit(1)
	}
}
