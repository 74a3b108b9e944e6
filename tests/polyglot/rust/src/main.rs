//! Calls every room method through the official Rust server SDK and checks what each call did.
//! Prints `ok <method> <what>` per check and `passed <count>` at the end; see ../../README.md.

mod control;

use std::{cell::Cell, collections::HashMap, env, error::Error, fmt::Debug, process::exit};

use control::Control;
use livekit_api::access_token::{AccessToken, VideoGrants};
use livekit_api::services::room::{
    CreateRoomOptions, RoomClient, SendDataOptions, UpdateParticipantOptions,
};
use livekit_api::services::{
    LiveKitApi, ServerError, ServerErrorCode, ServiceError, ServiceResult,
};
use livekit_protocol as proto;

const METADATA_LIMIT: usize = 512 * 1024;

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let script = Script::from_env()?;
    script.check_rooms().await?;
    script.check_participants().await?;
    script.check_moves().await?;
    script.check_dispatches().await?;
    script.check_deletion().await?;
    script.check_errors().await?;
    script.livekit.room().delete_room(&script.annex).await?;
    println!("passed {}", script.passed.get());
    Ok(())
}

/// One run of the checks, in the order of checks.txt.
struct Script {
    host: String,
    key: String,
    secret: String,
    lounge: String,
    annex: String,
    livekit: LiveKitApi,
    control: Control,
    passed: Cell<u32>,
}

impl Script {
    fn from_env() -> Result<Self, env::VarError> {
        let host = env::var("LIVEKIT_URL")?;
        let key = env::var("LIVEKIT_API_KEY")?;
        let secret = env::var("LIVEKIT_API_SECRET")?;
        let prefix = env::var("ROOM_PREFIX")?;
        Ok(Self {
            livekit: LiveKitApi::with_api_key(&host, &key, &secret),
            control: Control::new(env::var("CONTROL_URL")?),
            host,
            key,
            secret,
            lounge: format!("{prefix}-lounge"),
            annex: format!("{prefix}-annex"),
            passed: Cell::new(0),
        })
    }

    fn check<T: PartialEq + Debug>(&self, method: &str, what: &str, seen: T, expected: T) {
        if seen != expected {
            eprintln!("FAILED {method} {what}: {seen:?} instead of {expected:?}");
            exit(1);
        }
        self.passed.set(self.passed.get() + 1);
        println!("ok {method} {what}");
    }

    async fn check_rooms(&self) -> Outcome {
        let rooms = self.livekit.room();
        let settings = CreateRoomOptions {
            metadata: "first".into(),
            max_participants: 7,
            empty_timeout: 60,
            ..Default::default()
        };
        let room = rooms.create_room(&self.lounge, settings.clone()).await?;
        let settled = (room.name, room.metadata, room.max_participants, room.empty_timeout);
        let expected = (self.lounge.clone(), "first".into(), 7, 60);
        self.check("CreateRoom", "answers with the settings it was given", settled, expected);
        let again = rooms.create_room(&self.lounge, settings).await?;
        self.check("CreateRoom", "answers the same room the second time", again.sid, room.sid);

        rooms.create_room(&self.annex, CreateRoomOptions::default()).await?;
        let both = vec![self.annex.clone(), self.lounge.clone()];
        self.check("ListRooms", "finds both rooms", self.room_names().await?, both);

        rooms.update_room_metadata(&self.lounge, "second").await?;
        let listed = rooms.list_rooms(vec![self.lounge.clone()]).await?;
        self.check("UpdateRoomMetadata", "shows in ListRooms", &*listed[0].metadata, "second");
        Ok(())
    }

    async fn check_participants(&self) -> Outcome {
        let rooms = self.livekit.room();
        self.control.join(&self.token("alice", "Alice")?, "microphone").await?;
        self.control.join(&self.token("bob", "Bob")?, "").await?;

        let alice = self.alice().await?;
        let brought = (&*alice.name, &*alice.metadata, alice.attributes);
        let expected = ("Alice", "from the token", attributes([("seat", "1")]));
        let what = "carries name, metadata and attributes into the room";
        self.check("AccessToken", what, brought, expected);
        let present = self.identities(&self.lounge).await?;
        self.check("ListParticipants", "lists both", present, names(["alice", "bob"]));
        let sources: Vec<_> = alice.tracks.iter().map(|track| track.source()).collect();
        let expected = vec![proto::TrackSource::Microphone];
        self.check("GetParticipant", "shows the published track", sources, expected);

        let track = &alice.tracks[0].sid;
        rooms.mute_published_track(&self.lounge, "alice", track, true).await?;
        let muted = self.alice().await?.tracks[0].muted;
        self.check("MutePublishedTrack", "shows in GetParticipant", muted, true);

        let update = UpdateParticipantOptions {
            name: "Alicia".into(),
            metadata: "from the API".into(),
            attributes: attributes([("mood", "calm")]),
            permission: Some(proto::ParticipantPermission {
                can_subscribe: true,
                can_publish: true,
                can_publish_data: false,
                ..Default::default()
            }),
        };
        rooms.update_participant(&self.lounge, "alice", update).await?;
        let alice = self.alice().await?;
        let permission = alice.permission.unwrap_or_default();
        let publishes = (permission.can_publish, permission.can_publish_data);
        let updated = (&*alice.name, &*alice.metadata, alice.attributes, publishes);
        let merged = attributes([("seat", "1"), ("mood", "calm")]);
        let expected = ("Alicia", "from the API", merged, (true, false));
        self.check("UpdateParticipant", "shows in GetParticipant", updated, expected);

        for (subscribe, what) in [(false, "unsubscribes"), (true, "subscribes again")] {
            let tracks = vec![track.clone()];
            rooms.update_subscriptions(&self.lounge, "bob", tracks.clone(), subscribe).await?;
            let subscribed = self.control.subscriptions(&self.lounge, "bob").await?;
            let expected = if subscribe { tracks } else { vec![] };
            self.check("UpdateSubscriptions", what, subscribed, expected);
        }

        let options = SendDataOptions {
            topic: Some("greeting".into()),
            destination_identities: names(["bob"]),
            ..Default::default()
        };
        rooms.send_data(&self.lounge, b"hello".to_vec(), options).await?;
        let received = [
            self.control.inbox(&self.lounge, "alice").await?,
            self.control.inbox(&self.lounge, "bob").await?,
        ];
        let expected = [vec![], names(["greeting hello"])];
        self.check("SendData", "reaches its addressee only", received, expected);
        Ok(())
    }

    async fn check_moves(&self) -> Outcome {
        let rooms = self.livekit.room();
        rooms.forward_participant(&self.lounge, "alice", &self.annex).await?;
        let expected = [names(["alice", "bob"]), names(["alice"])];
        self.check("ForwardParticipant", "shows in both rooms", self.present().await?, expected);

        rooms.move_participant(&self.lounge, "bob", &self.annex).await?;
        let expected = [names(["alice"]), names(["alice", "bob"])];
        self.check("MoveParticipant", "changes the room", self.present().await?, expected);

        rooms.remove_participant(&self.lounge, "alice").await?;
        let present = self.identities(&self.lounge).await?;
        self.check("RemoveParticipant", "shows in ListParticipants", present, vec![]);
        Ok(())
    }

    async fn check_dispatches(&self) -> Outcome {
        let dispatches = self.livekit.agent_dispatch();
        let request = proto::CreateAgentDispatchRequest {
            room: self.lounge.clone(),
            agent_name: "scribe".into(),
            metadata: "minutes".into(),
            ..Default::default()
        };
        let created = dispatches.create_dispatch(request).await?;
        let described = [created.agent_name, created.room, created.metadata];
        let expected = ["scribe".into(), self.lounge.clone(), "minutes".into()];
        self.check("CreateDispatch", "answers with the agent", described, expected);
        let listed = dispatches.list_dispatch(&self.lounge).await?;
        self.check("ListDispatch", "lists it", listed.iter().any(|d| d.id == created.id), true);
        dispatches.delete_dispatch(&created.id, &self.lounge).await?;
        let listed =
            dispatches.list_dispatch(&self.lounge).await?.iter().any(|d| d.id == created.id);
        self.check("DeleteDispatch", "takes it off the list", listed, false);
        Ok(())
    }

    async fn check_deletion(&self) -> Outcome {
        self.livekit.room().delete_room(&self.lounge).await?;
        let left = self.room_names().await?;
        self.check("DeleteRoom", "shows in ListRooms", left, vec![self.annex.clone()]);
        Ok(())
    }

    async fn check_errors(&self) -> Outcome {
        let stranger =
            RoomClient::with_api_key(&self.host, &self.key, &format!("{}?", self.secret));
        let code = code_of(stranger.list_rooms(vec![]).await);
        let expected = ServerErrorCode::UNAUTHENTICATED;
        self.check("ListRooms", "refuses a wrong secret", &*code, expected);

        let code = code_of(self.livekit.room().get_participant(&self.annex, "carol").await);
        let expected = ServerErrorCode::NOT_FOUND;
        self.check("GetParticipant", "misses an absent participant", &*code, expected);

        let too_long = "x".repeat(METADATA_LIMIT + 1);
        let code = code_of(self.livekit.room().update_room_metadata(&self.annex, &too_long).await);
        let expected = ServerErrorCode::INVALID_ARGUMENT;
        self.check("UpdateRoomMetadata", "refuses metadata above the limit", &*code, expected);
        Ok(())
    }

    fn token(&self, identity: &str, name: &str) -> Result<String, Box<dyn Error>> {
        let grants =
            VideoGrants { room_join: true, room: self.lounge.clone(), ..Default::default() };
        let token = AccessToken::with_api_key(&self.key, &self.secret)
            .with_identity(identity)
            .with_name(name)
            .with_metadata("from the token")
            .with_attributes([("seat", "1")])
            .with_grants(grants);
        Ok(token.to_jwt()?)
    }

    async fn alice(&self) -> ServiceResult<proto::ParticipantInfo> {
        self.livekit.room().get_participant(&self.lounge, "alice").await
    }

    async fn room_names(&self) -> ServiceResult<Vec<String>> {
        let rooms = vec![self.lounge.clone(), self.annex.clone()];
        let found = self.livekit.room().list_rooms(rooms).await?;
        Ok(sorted(found.into_iter().map(|room| room.name)))
    }

    async fn identities(&self, room: &str) -> ServiceResult<Vec<String>> {
        let present = self.livekit.room().list_participants(room).await?;
        Ok(sorted(present.into_iter().map(|participant| participant.identity)))
    }

    async fn present(&self) -> ServiceResult<[Vec<String>; 2]> {
        Ok([self.identities(&self.lounge).await?, self.identities(&self.annex).await?])
    }
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(String::from).to_vec()
}

fn attributes<const N: usize>(pairs: [(&str, &str); N]) -> HashMap<String, String> {
    pairs.map(|(key, value)| (key.into(), value.into())).into()
}

/// The code of the SDK's own error.
fn code_of<T>(result: ServiceResult<T>) -> String {
    match result {
        Err(ServiceError::Twirp(ServerError::Twirp(error))) => error.code,
        Err(error) => error.to_string(),
        Ok(_) => "no error".into(),
    }
}
