//! Fresh, due, expired, over: where in its life a token is (E1, E5, T9).

use core::time::Duration;

use super::Moment;

/// When a token is due, expired and over.
///
/// ```text
///   asked at ────── fresh ──────▶ due ──────▶ expired ──────▶ over (its stated end)
/// ```
///
/// All three are [`Moment::NEVER`] for a token of unknown lifetime (E5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lifetime {
    due: Moment,
    expired: Moment,
    over: Moment,
}

/// Where in its life a token is, and so what a caller may do with it (E1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Use it.
    Fresh,
    /// Renew it, still use it.
    Due,
    /// Use it only where renewing has been tried and failed (E4).
    Expired,
    /// Its stated end is past: do not use it.
    Over,
}

impl Lifetime {
    /// A token that is used until it is rejected (E5).
    pub(crate) const UNKNOWN: Self = Self {
        due: Moment::NEVER,
        expired: Moment::NEVER,
        over: Moment::NEVER,
    };

    /// The life of a token that was asked for at `asked_at`, landed at `response_origin` and states
    /// `stated` as its lifetime.
    ///
    /// It is counted from *before* the request was sent (T9). `jitter` is a number from 0 to 1,
    /// drawn for every token, so that a fleet does not renew in step.
    pub(crate) fn new(
        asked_at: Moment,
        response_origin: Moment,
        stated: Duration,
        leeway: Duration,
        jitter: f64,
    ) -> Self {
        // E1: never more than a tenth of the lifetime, so that a short token has a life at all.
        let leeway = leeway.min(stated / LEEWAY_PART);
        let over = asked_at + stated;
        // E1: whatever it states, it is usable for a second after it landed, or an AS slower
        // than its tokens would cost one token request a call.
        let usable_until = response_origin + USABLE_AT_LEAST;
        Self {
            due: asked_at + due_after(stated, jitter),
            expired: (asked_at + stated.saturating_sub(leeway)).max(usable_until),
            over: over.max(usable_until),
        }
    }

    /// Where in this life `now` is.
    pub(crate) fn stage(&self, now: Moment) -> Stage {
        if now < self.due {
            Stage::Fresh
        } else if now < self.expired {
            Stage::Due
        } else if now < self.over {
            Stage::Expired
        } else {
            Stage::Over
        }
    }

    /// When it is to be renewed.
    pub(crate) fn due(&self) -> Moment {
        self.due
    }

    /// When it is no longer used, as long as renewing has not been tried and failed.
    pub(crate) fn expired(&self) -> Moment {
        self.expired
    }

    /// Its stated end.
    pub(crate) fn over(&self) -> Moment {
        self.over
    }
}

/// 80 % of the lifetime, less a jitter of up to 10 % of it.
fn due_after(stated: Duration, jitter: f64) -> Duration {
    let part = DUE_PART - JITTER_PART * jitter.clamp(0.0, 1.0);
    // `part` is in 0.7..=0.8, so this cannot exceed `stated`, which is a valid duration.
    stated.mul_f64(part)
}

const LEEWAY_PART: u32 = 10;
const DUE_PART: f64 = 0.8;
const JITTER_PART: f64 = 0.1;
const USABLE_AT_LEAST: Duration = Duration::from_secs(1);
