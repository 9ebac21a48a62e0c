//! The client on isahc.

use alf_core::TokenManager;
use alf_isahc::isahc::AsyncReadResponseExt;
use alf_isahc::isahc::{self, AsyncBody};
use alf_isahc::{Client, Error, Isahc};

use super::{AlfClient, ApiResponse};

impl AlfClient for Client {
    type Adapter = Isahc;

    async fn get(&self, url: &str) -> Result<ApiResponse, Error> {
        let response = self.get_async(url).await?;
        read(response).await.map_err(Error::Transport)
    }

    async fn post(&self, url: &str, text: &str) -> Result<ApiResponse, Error> {
        let response = self.post_async(url, text).await?;
        read(response).await.map_err(Error::Transport)
    }

    fn tokens(&self) -> &TokenManager {
        self.core().tokens()
    }
}

async fn read(mut response: isahc::Response<AsyncBody>) -> Result<ApiResponse, isahc::Error> {
    Ok(ApiResponse {
        status: response.status().as_u16(),
        body: response.text().await?,
    })
}
