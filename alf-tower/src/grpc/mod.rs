//! The layer for gRPC: which statuses reject a token, and which statuses alf's errors become.

mod body;
mod deadline;
mod layer;
mod service;
mod status;

pub use body::GrpcBody;
pub use layer::GrpcAuthorizationLayer;
pub use service::{GrpcAuthorization, GrpcResponseFuture};
