//! The client on surf.

use alf_core::TokenManager;
use alf_surf::{Client, Error, Surf, surf};

use super::{AlfClient, ApiResponse, CallError};

impl AlfClient for Client {
    type Adapter = Surf;

    async fn get(&self, url: &str) -> Result<ApiResponse, CallError<Self>> {
        let response = self.get(url).await?;
        Ok(read(response).await?)
    }

    async fn post(&self, url: &str, text: &str) -> Result<ApiResponse, CallError<Self>> {
        let response = self.post(url).body(text.to_owned()).await?;
        Ok(read(response).await?)
    }

    fn tokens(&self) -> &TokenManager {
        self.core().tokens()
    }
}

async fn read(mut response: surf::Response) -> Result<ApiResponse, Error> {
    Ok(ApiResponse {
        status: response.status().into(),
        body: response.body_string().await?,
    })
}
