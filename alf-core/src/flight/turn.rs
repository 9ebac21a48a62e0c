//! A flight's turn, where others of the same client are under way (B1, B2).

use crate::config::Server;
use crate::error::Cause;
use crate::machine::Failure;
use crate::manager::Permission;
use crate::{TimeoutPhase, TokenErrorKind};

use super::{Fall, Flight, Progress};

impl Flight {
    /// Waits until it may make an attempt: at once, unless the authorization server is in trouble
    /// or nothing is known of it yet.
    pub(super) async fn turn(&self, progress: &Progress) -> Result<(), Fall> {
        let deadline = self.begin.deadline;
        let mut has_waited = false;
        loop {
            let news = self.shared.common.news();
            let now = self.shared.now();
            let alone = self.is_to_discover();
            let until = match self.shared.common.ask(now, self.ticket, deadline, alone) {
                Permission::Go => return Ok(()),
                Permission::Fallen(failure) => return Err(Fall::WithAnother(failure)),
                Permission::Stop => {
                    let trouble = self.shared.common.trouble();
                    let cause = trouble.map_or_else(out_of_time, |error| error.cause().clone());
                    return Err(Fall::Alone(self.crash(cause, progress)));
                }
                Permission::Wait { until } => until.min(deadline),
            };
            if !has_waited {
                // E4: nobody waits along whose token is not over.
                self.shared.stumbled(self.id());
                has_waited = true;
            }
            self.within(until.saturating_since(now), news).await;
        }
    }

    /// Whether it finds out what every other flight needs to know.
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
