//! An acquisition's turn, where others of the same client are under way (B1, B2).

use std::sync::atomic::Ordering;

use crate::config::Server;
use crate::error::Cause;
use crate::machine::{Claim, Failure, Moment};
use crate::tokens::Permission;
use crate::{TimeoutPhase, TokenErrorKind};

use super::{Acquisition, Fall, Progress};

impl Acquisition {
    /// Waits until it may make an attempt: at once, unless the authorization server is in trouble
    /// or nothing is known of it yet.
    pub(super) async fn turn(&self, progress: &Progress) -> Result<(), Fall> {
        let deadline = self.begin.deadline;
        let mut has_waited = false;
        loop {
            let news = self.shared.server.news();
            let now = self.shared.now();
            let claim = Claim {
                ticket: self.ticket,
                deadline,
                last_turn: self.shared.last_turn.load(Ordering::Relaxed),
                alone: self.is_to_discover(),
            };
            let until = match self.shared.server.ask(now, claim) {
                Permission::Go { turn } => {
                    self.shared.last_turn.store(turn, Ordering::Relaxed);
                    return Ok(());
                }
                Permission::Fallen(failure) => return Err(Fall::WithAnother(failure)),
                Permission::Stop => {
                    let trouble = self.shared.server.trouble(Moment::START);
                    let cause = trouble.map_or_else(out_of_time, |error| error.cause().clone());
                    let has_tried = progress.attempts.made() > 0;
                    let crash = self.crash(cause, progress);
                    return Err(if has_tried {
                        Fall::Alone(crash)
                    } else {
                        Fall::Untried(crash)
                    });
                }
                Permission::Wait { until } => until.min(deadline),
            };
            if !has_waited {
                // E4: nobody waits along whose token is not over.
                self.shared.attempt_failed(self.id());
                has_waited = true;
            }
            self.within(until.saturating_since(now), news).await;
        }
    }

    /// Whether it finds out what every other acquisition needs to know.
    fn is_to_discover(&self) -> bool {
        match &self.shared.config.server {
            Server::Issuer(issuer) => !issuer.is_known(),
            Server::Endpoint(_) => false,
        }
    }
}

fn out_of_time() -> Cause {
    let kind = TokenErrorKind::Timeout(TimeoutPhase::Acquire);
    Cause::new(kind, Failure::TRANSIENT)
}
