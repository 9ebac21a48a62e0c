//! The client on surf.

use alf_core::TokenManager;
use alf_surf::{Client, Error, Surf, surf};

use super::{AlfClient, ApiResponse};

impl AlfClient for Client {
    type Adapter = Surf;

    async fn get(&self, url: &str) -> Result<ApiResponse, Error> {
        let response = self.get(url).await?;
        read(response).await.map_err(|e| Error::Transport(e.into()))
    }

    async fn post(&self, url: &str, text: &str) -> Result<ApiResponse, Error> {
        let response = self.post(url).body(text.to_owned()).await?;
        read(response).await.map_err(|e| Error::Transport(e.into()))
    }

    fn tokens(&self) -> &TokenManager {
        self.core().tokens()
    }
}

async fn read(mut response: surf::Response) -> Result<ApiResponse, surf::Error> {
    Ok(ApiResponse {
        status: response.status().into(),
        body: response.body_string().await?,
    })
}
