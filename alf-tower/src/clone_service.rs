//! [`CloneService`]: `Clone`, with a readable compiler error.

/// A service that is `Clone`. It is implemented for every `Clone` type.
///
/// The layer moves the service that is ready into the call, and keeps a clone for the next call.
///
/// ```compile_fail,E0277
/// use alf_tower::AuthorizationLayer;
/// use tower::Layer;
///
/// struct NotClone;
///
/// fn example(layer: AuthorizationLayer) {
///     layer.layer(NotClone);
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`AuthorizationLayer` needs a service that is `Clone`, and `{Self}` is not",
    note = "put `tower::buffer::BufferLayer` between the layer and the service, or use `tower::util::BoxCloneService` in place of \
            `BoxService`"
)]
pub trait CloneService: Clone {}

#[diagnostic::do_not_recommend]
impl<S: Clone> CloneService for S {}
