//! What happens to the instance that holds the lease.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::instance::InstanceRuntime;
use crate::server::Stage;

/// What happens to the first instance that comes to a certain stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    StopBeforeRequest,
    StopAfterRequest,
    StopBeforeSave,
    StandStillAfterAnswer(Duration),
    StandStillBeforeSave(Duration),
}

/// All instances of a fleet have the same one.
#[derive(Clone, Default)]
pub(crate) struct Plan(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    /// The instance whose next write is its save.
    holder: Option<usize>,
}

impl Plan {
    pub(crate) fn set(&self, fault: Fault) {
        *self.0.lock().unwrap() = State {
            fault: Some(fault),
            holder: None,
        };
    }

    pub(crate) fn before_write(&self, instance: usize, runtime: &InstanceRuntime) {
        let mut state = self.0.lock().unwrap();
        if state.holder != Some(instance) {
            return;
        }
        match state.fault {
            Some(Fault::StopBeforeSave) => runtime.stop(),
            Some(Fault::StandStillBeforeSave(duration)) => runtime.stand_still(duration),
            Some(_) | None => return,
        }
        *state = State::default();
    }

    pub(crate) fn on_request(&self, instance: usize, runtime: &InstanceRuntime, stage: Stage) {
        let mut planned = self.0.lock().unwrap();
        match (stage, planned.fault) {
            (Stage::BeforeRequest, Some(Fault::StopBeforeRequest))
            | (Stage::AfterRequest, Some(Fault::StopAfterRequest)) => runtime.stop(),
            (Stage::Answered, Some(Fault::StandStillAfterAnswer(duration))) => {
                runtime.stand_still(duration);
            }
            (Stage::AfterRequest, Some(Fault::StopBeforeSave | Fault::StandStillBeforeSave(_))) => {
                planned.holder = Some(instance);
                return;
            }
            (Stage::BeforeRequest | Stage::AfterRequest | Stage::Answered, Some(_) | None) => {
                return;
            }
        }
        *planned = State::default();
    }
}
