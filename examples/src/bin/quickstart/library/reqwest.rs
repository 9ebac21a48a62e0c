//! The client on reqwest.

use alf_core::TokenManager;
use alf_reqwest::{Client, Error, Reqwest, reqwest};

use super::{AlfClient, ApiResponse, CallError};

impl AlfClient for Client {
    type Adapter = Reqwest;

    async fn get(&self, url: &str) -> Result<ApiResponse, CallError<Self>> {
        let response = self.get(url).send().await?;
        Ok(read(response).await?)
    }

    async fn post(&self, url: &str, text: &str) -> Result<ApiResponse, CallError<Self>> {
        let response = self.post(url).body(text.to_owned()).send().await?;
        Ok(read(response).await?)
    }

    fn tokens(&self) -> &TokenManager {
        self.core().tokens()
    }
}

async fn read(response: reqwest::Response) -> Result<ApiResponse, Error> {
    Ok(ApiResponse {
        status: response.status().as_u16(),
        body: response.text().await?,
    })
}
