//! The origins that reject tokens, and which of them have a record of their own (R6).

use core::time::Duration;

use super::cooldown::OriginRecord;
use super::{Generation, Moment};

/// What is known of the origins that reject the tokens of one target.
///
/// `O` is an origin: a real one in the driver, a number in a test. An origin gets a place when it rejects, and loses it
/// when nothing about it matters any more. It is `None` if it is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RejectingOrigins<O> {
    places: Vec<Place<O>>,
    /// The origins that have no place, while all places are taken.
    others: OriginRecord,
    unknown: OriginRecord,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place<O> {
    origin: O,
    record: OriginRecord,
}

impl<O: Clone + PartialEq> RejectingOrigins<O> {
    pub(super) fn new() -> Self {
        Self {
            places: Vec::new(),
            others: OriginRecord::default(),
            unknown: OriginRecord::default(),
        }
    }

    /// `origin` rejected the held token, which was obtained at `obtained_at`. Returns whether the token may be renewed.
    pub(super) fn rejected(
        &mut self,
        now: Moment,
        (generation, obtained_at): (Generation, Moment),
        origin: Option<&O>,
    ) -> bool {
        self.forget_outdated(now);
        // Nobody says when an unknown origin accepts a token.
        if origin.is_none() && obtained_at + PROVEN_AFTER_IF_UNKNOWN <= now {
            self.unknown.served(generation);
        }
        let record = match origin {
            None => Some(&mut self.unknown),
            Some(origin) => match self.position(origin) {
                Some(index) => self.places.get_mut(index).map(|place| &mut place.record),
                None => self.is_full(now).then_some(&mut self.others),
            },
        };
        record.is_none_or(|record| record.rejected(now, generation))
    }

    /// A rejection of `origin` waits for the acquisition that is under way.
    pub(super) fn wait(&mut self, now: Moment, origin: Option<&O>) {
        match origin {
            None => self.unknown.wait(now),
            Some(origin) => self.place(now, origin).wait(now),
        }
    }

    /// No rejection waits any more.
    pub(super) fn stop_waiting(&mut self) {
        self.records().for_each(OriginRecord::stop_waiting);
    }

    /// The token of `generation` is held from now on.
    pub(super) fn replaced(&mut self, now: Moment, generation: Generation) {
        self.unknown
            .replaced(generation, now + PROVEN_AFTER_IF_UNKNOWN);
        let known = self.places.iter_mut().map(|place| &mut place.record);
        for record in known.chain([&mut self.others]) {
            record.replaced(generation, now + PROVEN_AFTER);
        }
        self.forget_outdated(now);
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
        for record in self.records() {
            is_outdated |= record.issued_again(now, generation, requested_at);
        }
        is_outdated
    }

    /// `origin` rejected a replay with the held token.
    pub(super) fn rejected_replay(&mut self, now: Moment, generation: Generation, origin: &O) {
        self.forget_outdated(now);
        self.place(now, origin).rejected_replay(now, generation);
    }

    /// `origin` accepted a replay. It takes no place for that, and clears nothing that others share.
    pub(super) fn accepted_replay(&mut self, now: Moment, generation: Generation, origin: &O) {
        if let Some(record) = self.existing(origin) {
            record.accepted_replay(generation);
        }
        self.forget_outdated(now);
    }

    /// `origin` accepted another request.
    pub(super) fn accepted(&mut self, now: Moment, generation: Generation, origin: &O) {
        if let Some(record) = self.existing(origin) {
            record.accepted(generation);
        }
        self.forget_outdated(now);
    }

    /// The origins of which it matters whether they accept the held token.
    pub(super) fn whose_acceptance_matters(&self, now: Moment, generation: Generation) -> Vec<O> {
        let places = self.places.iter();
        let awaited = places.filter(|place| place.record.acceptance_matters(now, generation));
        awaited.map(|place| place.origin.clone()).collect()
    }

    fn records(&mut self) -> impl Iterator<Item = &mut OriginRecord> {
        let known = self.places.iter_mut().map(|place| &mut place.record);
        known.chain([&mut self.others, &mut self.unknown])
    }

    fn existing(&mut self, origin: &O) -> Option<&mut OriginRecord> {
        let index = self.position(origin)?;
        self.places.get_mut(index).map(|place| &mut place.record)
    }

    fn position(&self, origin: &O) -> Option<usize> {
        self.places.iter().position(|place| place.origin == *origin)
    }

    /// The record of `origin`, which gets a place if there is one.
    fn place(&mut self, now: Moment, origin: &O) -> &mut OriginRecord {
        let index = self.position(origin).or_else(|| {
            if self.places.len() < PLACES {
                self.places.push(Place {
                    origin: origin.clone(),
                    record: OriginRecord::default(),
                });
                return Some(self.places.len() - 1);
            }
            let index = self.longest_idle(now)?;
            let place = self.places.get_mut(index)?;
            place.origin = origin.clone();
            place.record.pass_on();
            Some(index)
        });
        let place = index.and_then(|index| self.places.get_mut(index));
        place.map_or(&mut self.others, |place| &mut place.record)
    }

    fn is_full(&self, now: Moment) -> bool {
        self.places.len() == PLACES && self.longest_idle(now).is_none()
    }

    fn longest_idle(&self, now: Moment) -> Option<usize> {
        let records = self.places.iter().map(|place| &place.record).enumerate();
        let idle = records.filter_map(|(index, record)| Some((record.idle_since(now)?, index)));
        idle.min().map(|(_, index)| index)
    }

    fn forget_outdated(&mut self, now: Moment) {
        self.records()
            .for_each(|record| record.forget_outdated(now));
        self.places.retain(|place| !place.record.is_empty());
    }
}

/// How many origins have a record of their own.
pub(super) const PLACES: usize = 64;
/// A token that is rejected so soon, by the origin for which it was obtained, was useless. It is as long as the longest
/// cool-down, so that slow calls to an API that always answers 401 cost less and less too.
const PROVEN_AFTER: Duration = Duration::from_secs(60);
const PROVEN_AFTER_IF_UNKNOWN: Duration = Duration::from_secs(1);
