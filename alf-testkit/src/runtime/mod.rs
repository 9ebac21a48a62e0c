//! Time and tasks that a test controls: [`VirtualTime`], and [`SteppedRuntime`] if the tasks are to
//! run one after another too.

mod stepped;
mod task_queue;
#[cfg(test)]
mod tests;
mod timers;
mod virtual_time;

pub use stepped::{Call, SteppedRuntime};
pub use virtual_time::VirtualTime;
