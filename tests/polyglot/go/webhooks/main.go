// Reads deliveries from standard input, and says what livekit/protocol's receiver makes of each.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/webhook"
)

func main() {
	keys := auth.NewSimpleKeyProvider(os.Getenv("LIVEKIT_API_KEY"), os.Getenv("LIVEKIT_API_SECRET"))
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		authorization, body, _ := strings.Cut(lines.Text(), " ")
		fmt.Println(receive(keys, decoded(authorization), decoded(body)))
	}
}

func decoded(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

func receive(keys auth.KeyProvider, authorization, body []byte) string {
	request, err := http.NewRequest(http.MethodPost, "/hook", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", string(authorization))
	request.Header.Set("Content-Type", "application/webhook+json")
	event, err := webhook.ReceiveWebhookEvent(request, keys)
	if err != nil {
		return "refused"
	}
	words := []string{event.Event, event.Id, fmt.Sprint(event.CreatedAt)}
	for _, name := range []string{
		event.GetRoom().GetName(), event.GetParticipant().GetIdentity(),
		event.GetTrack().GetName(), event.GetEgressInfo().GetEgressId(),
	} {
		if name == "" {
			name = "-"
		}
		words = append(words, name)
	}
	return strings.Join(words, " ")
}
