//! The client on reqwest.

use alf_core::TokenManager;
use alf_reqwest::{Client, Error, Reqwest, reqwest};

use super::{AlfClient, ApiResponse};

impl AlfClient for Client {
    type Adapter = Reqwest;

    async fn get(&self, url: &str) -> Result<ApiResponse, Error> {
        let response = self.get(url).send().await?;
        read(response).await.map_err(Error::Transport)
    }

    async fn post(&self, url: &str, text: &str) -> Result<ApiResponse, Error> {
        let response = self.post(url).body(text.to_owned()).send().await?;
        read(response).await.map_err(Error::Transport)
    }

    fn tokens(&self) -> &TokenManager {
        self.core().tokens()
    }
}

async fn read(response: reqwest::Response) -> Result<ApiResponse, reqwest::Error> {
    Ok(ApiResponse {
        status: response.status().as_u16(),
        body: response.text().await?,
    })
}
