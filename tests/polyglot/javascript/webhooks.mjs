// Reads deliveries from standard input, and says what livekit-server-sdk's receiver makes of each.
import { createInterface } from "node:readline";
import { WebhookReceiver } from "livekit-server-sdk";

const receiver = new WebhookReceiver(process.env.LIVEKIT_API_KEY, process.env.LIVEKIT_API_SECRET);

for await (const line of createInterface({ input: process.stdin })) {
  const [authorization, body] = line.split(" ").map((part) => Buffer.from(part, "base64").toString());
  try {
    const event = await receiver.receive(body, authorization);
    const { room, participant, track, egressInfo } = event;
    const who = [room?.name, participant?.identity, track?.name, egressInfo?.egressId];
    console.log([event.event, event.id, event.createdAt, ...who.map((each) => each || "-")].join(" "));
  } catch {
    console.log("refused");
  }
}
