//! The layer for gRPC: what rejects a token there, and how errors are statuses.

mod body;
mod deadline;
mod layer;
mod service;
mod status;

pub use body::GrpcBody;
pub use layer::GrpcAuthorizationLayer;
pub use service::{GrpcAuthorization, GrpcResponseFuture};
