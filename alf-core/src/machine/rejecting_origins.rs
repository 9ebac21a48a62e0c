//! The origins that reject tokens, and which of them have a record of their own (R6).

use core::ops::Range;
use core::time::Duration;

use super::cooldown::OriginRecord;
use super::{Generation, Moment};

/// What is known of the origins that reject the tokens of one target.
///
/// `O` is an origin: a real one in the driver, a number in a test. An origin gets a place when it rejects, and loses it
/// when nothing about it matters any more. If all places are taken, it takes over the one that matters the least time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RejectingOrigins<O> {
    places: Vec<Place<O>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place<O> {
    /// `None` if it is not known.
    origin: Option<O>,
    record: OriginRecord,
}

impl<O: Clone + PartialEq> RejectingOrigins<O> {
    pub(super) fn new() -> Self {
        Self { places: Vec::new() }
    }

    /// `origin` rejected the held token, which was obtained at `obtained_at`. Returns whether the token may be renewed.
    pub(super) fn rejected(
        &mut self,
        now: Moment,
        (generation, obtained_at): (Generation, Moment),
        numbers: Range<u64>,
        origin: Option<&O>,
    ) -> bool {
        self.forget_outdated(now);
        let Some(record) = self.record(origin) else {
            return true;
        };
        // Nobody says when an unknown origin accepts a token.
        if origin.is_none() && obtained_at + PROVEN_AFTER_IF_UNKNOWN <= now {
            record.served(generation);
        }
        record.rejected(now, generation, numbers)
    }

    /// No rejection waits any more.
    pub(super) fn stop_waiting(&mut self) {
        for place in &mut self.places {
            place.record.stop_waiting();
        }
    }

    /// The token of `generation` is held from now on.
    pub(super) fn replaced(&mut self, now: Moment, generation: Generation) {
        for place in &mut self.places {
            let proven_after = match place.origin {
                Some(_) => PROVEN_AFTER,
                None => PROVEN_AFTER_IF_UNKNOWN,
            };
            place.record.replaced(generation, now + proven_after);
        }
    }

    /// The AS issued the held token again. Returns whether an origin waits that rejected it after the request was sent.
    pub(super) fn issued_again(
        &mut self,
        now: Moment,
        generation: Generation,
        requested_at: Moment,
    ) -> bool {
        self.forget_outdated(now);
        let mut is_outdated = false;
        for place in &mut self.places {
            is_outdated |= place.record.issued_again(now, generation, requested_at);
        }
        is_outdated
    }

    /// The origins of which it matters whether they accept the held token.
    pub(super) fn whose_acceptance_matters(&self, now: Moment, generation: Generation) -> Vec<O> {
        let places = self.places.iter();
        let awaited = places.filter(|place| place.record.acceptance_matters(now, generation));
        awaited.filter_map(|place| place.origin.clone()).collect()
    }

    /// The record of `origin`, if it has a place.
    pub(super) fn own(&mut self, now: Moment, origin: &O) -> Option<&mut OriginRecord> {
        self.forget_outdated(now);
        let is_own = |place: &&mut Place<O>| place.origin.as_ref().is_some_and(|own| own == origin);
        let place = self.places.iter_mut().find(is_own)?;
        Some(&mut place.record)
    }

    /// Changes the record of `origin`, which gets a place if it has none.
    pub(super) fn change(
        &mut self,
        now: Moment,
        origin: Option<&O>,
        change: impl FnOnce(&mut OriginRecord),
    ) {
        self.forget_outdated(now);
        if let Some(record) = self.record(origin) {
            return change(record);
        }
        let mut record = OriginRecord::default();
        change(&mut record);
        self.places.push(Place {
            origin: origin.cloned(),
            record,
        });
    }

    /// The record of `origin`: its own, or one that it takes over. `None` if there is a free place.
    fn record(&mut self, origin: Option<&O>) -> Option<&mut OriginRecord> {
        let mut places = self.places.iter();
        let index = match places.position(|place| place.origin.as_ref() == origin) {
            Some(index) => index,
            None if self.places.len() < PLACES => return None,
            None => {
                let places = self.places.iter_mut().enumerate();
                let (index, place) =
                    places.min_by_key(|(_, place)| place.record.matters_until())?;
                place.origin = origin.cloned();
                place.record.take_over();
                index
            }
        };
        self.places.get_mut(index).map(|place| &mut place.record)
    }

    fn forget_outdated(&mut self, now: Moment) {
        self.places.retain_mut(|place| {
            place.record.forget_outdated(now);
            !place.record.is_empty()
        });
    }
}

/// How many origins have a place of their own.
const PLACES: usize = 64;
/// A token that is rejected so soon, by the origin for which it was obtained, was useless. It is as long as the longest
/// cool-down, so that slow calls to an API that always answers 401 cost less and less too.
const PROVEN_AFTER: Duration = Duration::from_secs(60);
const PROVEN_AFTER_IF_UNKNOWN: Duration = Duration::from_secs(1);
