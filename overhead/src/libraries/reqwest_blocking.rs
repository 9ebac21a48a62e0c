//! reqwest, blocking, with a single caller.

use alf_reqwest::blocking::{Client, UncheckedRedirects};
use alf_reqwest::reqwest::blocking;
use alf_reqwest::reqwest::header::AUTHORIZATION;

use crate::Failure;
use crate::workload::{Variant, Workload};

pub(super) fn run(workload: &Workload) -> Result<(), Failure> {
    let http = blocking::Client::builder().no_proxy().build()?;
    let client = Client::builder(&workload.token_endpoint)
        .client_secret("client-id", "secret")
        .http_client(UncheckedRedirects(http.clone()))
        .build()?;
    let token = client.tokens().token_blocking()?;
    for _ in 0..workload.calls {
        let response = match workload.variant {
            Variant::Bare => {
                let request = http.get(&workload.url);
                request.header(AUTHORIZATION, token.header_value()).send()?
            }
            Variant::Alf => client.get(&workload.url).send()?,
        };
        response.error_for_status()?.bytes()?;
    }
    Ok(())
}
