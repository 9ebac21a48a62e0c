//! Token stores on databases, to copy. The programs in `src/bin` use them.

mod object_storage;
mod postgres;
mod try_it;

pub use object_storage::ObjectStorage;
pub use postgres::{PostgresStore, TABLE};
pub use try_it::token_requests_of_three_clients;
