//! The endpoint that lets participants join and tells what they saw: one line of text each.

use reqwest::{Client, RequestBuilder, Result};

pub struct Control {
    client: Client,
    url: String,
}

impl Control {
    pub fn new(url: String) -> Self {
        Self { client: Client::new(), url }
    }

    pub async fn join(&self, token: &str, publish: &str) -> Result<()> {
        let request = self.client.post(format!("{}/join", self.url)).bearer_auth(token);
        lines(request.query(&[("publish", publish)])).await?;
        Ok(())
    }

    pub async fn inbox(&self, room: &str, identity: &str) -> Result<Vec<String>> {
        self.see("inbox", room, identity).await
    }

    pub async fn subscriptions(&self, room: &str, identity: &str) -> Result<Vec<String>> {
        self.see("subscriptions", room, identity).await
    }

    async fn see(&self, what: &str, room: &str, identity: &str) -> Result<Vec<String>> {
        let request = self.client.get(format!("{}/{what}", self.url));
        lines(request.query(&[("room", room), ("identity", identity)])).await
    }
}

async fn lines(request: RequestBuilder) -> Result<Vec<String>> {
    let text = request.send().await?.error_for_status()?.text().await?;
    Ok(text.lines().map(String::from).collect())
}
