//! Three clients that share a token through an S3 bucket, or through memory if there is no argument:
//!
//!     cargo run -p examples-stores --bin object_storage -- s3://bucket
//!
//! The region and the credentials are in `AWS_REGION`, `AWS_ACCESS_KEY_ID`, and so on.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;

use examples_stores::{ObjectStorage, token_requests_of_three_clients};
use object_store::RetryConfig;
use object_store::aws::AmazonS3Builder;
use object_store::memory::InMemory;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = match env::args().nth(1) {
        None => ObjectStorage::new(InMemory::new()),
        Some(url) => {
            let retry = RetryConfig {
                max_retries: 0,
                ..RetryConfig::default()
            };
            let bucket = AmazonS3Builder::from_env().with_url(url).with_retry(retry);
            ObjectStorage::new(bucket.build()?)
        }
    };
    let token_requests = token_requests_of_three_clients(store).await?;
    println!("three clients made {token_requests} token request");
    Ok(())
}
