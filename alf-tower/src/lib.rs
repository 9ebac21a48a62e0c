#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clone_service;
mod error;
#[cfg(feature = "grpc")]
mod grpc;
mod kept_body;
mod layer;
mod outgoing;
mod replay_body;
mod service;
mod settings;
mod token_service;
mod transport;

pub use clone_service::CloneService;
pub use error::BoxError;
#[cfg(feature = "grpc")]
#[cfg_attr(docsrs, doc(cfg(feature = "grpc")))]
pub use grpc::{GrpcAuthorization, GrpcAuthorizationLayer, GrpcBody, GrpcResponseFuture};
pub use layer::AuthorizationLayer;
pub use replay_body::ReplayBody;
pub use service::{Authorization, ResponseFuture};
pub use token_service::token_service;

/// The alf-core whose [`TokenManager`](alf_core::TokenManager) the layer takes.
pub use alf_core;
