//! What openapi-generator 7 makes of an API with two operations: its configuration, its models, its functions and their errors.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    pub(crate) base_path: String,
    pub(crate) user_agent: Option<String>,
    pub(crate) client: reqwest_middleware::ClientWithMiddleware,
    pub(crate) oauth_access_token: Option<String>,
    pub(crate) bearer_access_token: Option<String>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            base_path: "https://api.example.com".to_owned(),
            user_agent: Some("OpenAPI-Generator/1.0.0/rust".to_owned()),
            client: reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).build(),
            oauth_access_token: None,
            bearer_access_token: None,
        }
    }
}

#[derive(Clone, Default, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thing {
    #[serde(rename = "id")]
    pub(crate) id: i64,
    #[serde(rename = "name")]
    pub(crate) name: String,
}

#[derive(Clone, Default, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NewThing {
    #[serde(rename = "name")]
    pub(crate) name: String,
}

#[derive(Debug)]
#[expect(clippy::enum_variant_names, reason = "as it is generated")]
pub(crate) enum Error {
    Reqwest(reqwest::Error),
    ReqwestMiddleware(reqwest_middleware::Error),
    Serde(serde_json::Error),
    ResponseError(reqwest::StatusCode, String),
}

pub(crate) async fn get_thing(configuration: &Configuration, id: i64) -> Result<Thing, Error> {
    let uri_str = format!("{}/things/{id}", configuration.base_path);
    let mut req_builder = configuration.client.request(reqwest::Method::GET, &uri_str);
    if let Some(user_agent) = &configuration.user_agent {
        req_builder = req_builder.header(reqwest::header::USER_AGENT, user_agent.clone());
    }
    if let Some(token) = &configuration.oauth_access_token {
        req_builder = req_builder.bearer_auth(token.to_owned());
    }
    let req = req_builder.build()?;
    let resp = configuration.client.execute(req).await?;
    content(resp).await
}

pub(crate) async fn create_thing(
    configuration: &Configuration,
    new_thing: NewThing,
) -> Result<Thing, Error> {
    let uri_str = format!("{}/things", configuration.base_path);
    let mut req_builder = configuration
        .client
        .request(reqwest::Method::POST, &uri_str);
    if let Some(user_agent) = &configuration.user_agent {
        req_builder = req_builder.header(reqwest::header::USER_AGENT, user_agent.clone());
    }
    if let Some(token) = &configuration.bearer_access_token {
        req_builder = req_builder.bearer_auth(token.to_owned());
    }
    req_builder = req_builder.json(&new_thing);
    let req = req_builder.build()?;
    let resp = configuration.client.execute(req).await?;
    content(resp).await
}

async fn content(resp: reqwest::Response) -> Result<Thing, Error> {
    let status = resp.status();
    let content = resp.text().await?;
    if status.is_client_error() || status.is_server_error() {
        return Err(Error::ResponseError(status, content));
    }
    serde_json::from_str(&content).map_err(Error::from)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reqwest(e) => write!(f, "error in reqwest: {e}"),
            Self::ReqwestMiddleware(e) => write!(f, "error in reqwest-middleware: {e}"),
            Self::Serde(e) => write!(f, "error in serde: {e}"),
            Self::ResponseError(status, content) => {
                write!(f, "error in response: {status}: {content}")
            }
        }
    }
}

impl std::error::Error for Error {}

impl From<reqwest::Error> for Error {
    fn from(e: reqwest::Error) -> Self {
        Self::Reqwest(e)
    }
}

impl From<reqwest_middleware::Error> for Error {
    fn from(e: reqwest_middleware::Error) -> Self {
        Self::ReqwestMiddleware(e)
    }
}

impl From<serde_json::Error> for Error {
    fn from(e: serde_json::Error) -> Self {
        Self::Serde(e)
    }
}
