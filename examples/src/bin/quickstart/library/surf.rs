//! The story in the words of surf.

use alf_core::TokenManager;
use alf_surf::{Client, Error, Surf, surf};

use super::{Answer, Library};

impl Library for Client {
    type Adapter = Surf;

    async fn get(&self, url: &str) -> Result<Answer, Error> {
        let response = self.get(url).await?;
        read(response).await.map_err(|e| Error::Transport(e.into()))
    }

    async fn post(&self, url: &str, text: &str) -> Result<Answer, Error> {
        let response = self.post(url).body(text.to_owned()).await?;
        read(response).await.map_err(|e| Error::Transport(e.into()))
    }

    fn tokens(&self) -> &TokenManager {
        self.core().tokens()
    }
}

async fn read(mut response: surf::Response) -> Result<Answer, surf::Error> {
    Ok(Answer {
        status: response.status().into(),
        body: response.body_string().await?,
    })
}
