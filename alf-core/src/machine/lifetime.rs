//! The stages in the life of a token (E1, E5, T9).

use core::time::Duration;

use super::Moment;

/// When a token enters each stage.
///
/// ```text
///   requested ────── fresh ──────▶ due ──────▶ within leeway ──────▶ expired (its stated expiry)
/// ```
///
/// All three moments are [`Moment::NEVER`] for a token of unknown lifetime (E5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lifetime {
    pub(super) due: Moment,
    pub(super) within_leeway: Moment,
    pub(super) expires: Moment,
}

/// What a caller may do with a token now (E1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Use it.
    Fresh,
    /// Renew it, and still use it.
    Due,
    /// Use it only if renewing was tried and failed (E4).
    WithinLeeway,
    /// Do not use it.
    Expired,
}

impl Lifetime {
    /// A token that is used until it is rejected (E5).
    pub(crate) const UNKNOWN: Self = Self {
        due: Moment::NEVER,
        within_leeway: Moment::NEVER,
        expires: Moment::NEVER,
    };

    /// The stages of a token that states the lifetime `stated`.
    ///
    /// The lifetime counts from *before* the token was requested (T9). `jitter` is a random number from 0 to 1, drawn for
    /// each token, so that many instances do not renew at the same moment.
    pub(crate) fn new(
        requested_at: Moment,
        obtained_at: Moment,
        stated: Duration,
        leeway: Duration,
        jitter: f64,
    ) -> Self {
        // E1: never more than a tenth, so that a short-lived token can be used at all.
        let leeway = leeway.min(stated / LEEWAY_PART);
        // E1: otherwise a server that is slower than its tokens would cost one token request for each call.
        let usable_until = obtained_at + USABLE_AT_LEAST;
        Self {
            due: requested_at + due_after(stated, jitter),
            within_leeway: (requested_at + stated.saturating_sub(leeway)).max(usable_until),
            expires: (requested_at + stated).max(usable_until),
        }
    }

    /// Ends every stage earlier by that time.
    pub(super) fn shorten(&mut self, by: Duration) {
        for moment in [&mut self.due, &mut self.within_leeway, &mut self.expires] {
            if *moment != Moment::NEVER {
                *moment = moment.saturating_sub(by);
            }
        }
    }

    pub(crate) fn stage(&self, now: Moment) -> Stage {
        if now < self.due {
            Stage::Fresh
        } else if now < self.within_leeway {
            Stage::Due
        } else if now < self.expires {
            Stage::WithinLeeway
        } else {
            Stage::Expired
        }
    }
}

/// 80 % of the lifetime, minus a jitter of up to 10 % of it.
fn due_after(stated: Duration, jitter: f64) -> Duration {
    let part = DUE_PART - JITTER_PART * jitter.clamp(0.0, 1.0);
    // `part` is in 0.7..=0.8, so the product cannot exceed `stated`, which is a valid duration.
    stated.mul_f64(part)
}

const LEEWAY_PART: u32 = 10;
const DUE_PART: f64 = 0.8;
const JITTER_PART: f64 = 0.1;
const USABLE_AT_LEAST: Duration = Duration::from_secs(1);
