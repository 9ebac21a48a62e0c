//! The client on isahc.

use alf_core::TokenManager;
use alf_isahc::isahc::AsyncReadResponseExt;
use alf_isahc::isahc::{self, AsyncBody};
use alf_isahc::{Client, Error, Isahc};

use super::{AlfClient, ApiResponse, CallError};

impl AlfClient for Client {
    type Adapter = Isahc;

    async fn get(&self, url: &str) -> Result<ApiResponse, CallError<Self>> {
        let response = self.get_async(url).await?;
        Ok(read(response).await?)
    }

    async fn post(&self, url: &str, text: &str) -> Result<ApiResponse, CallError<Self>> {
        let response = self.post_async(url, text).await?;
        Ok(read(response).await?)
    }

    fn tokens(&self) -> &TokenManager {
        self.core().tokens()
    }
}

async fn read(mut response: isahc::Response<AsyncBody>) -> Result<ApiResponse, Error> {
    Ok(ApiResponse {
        status: response.status().as_u16(),
        body: response.text().await?,
    })
}
