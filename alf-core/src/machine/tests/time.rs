//! Moments are numbers, and arithmetic on them does not overflow.

use super::*;

#[test]
fn t5_arithmetic_on_moments_saturates() {
    assert_eq!(at(5) + secs(2), at(7));
    assert_eq!(at(5) + Duration::MAX, Moment::NEVER);
    assert_eq!(Moment::NEVER + secs(1), Moment::NEVER);
    assert_eq!(at(5).saturating_sub(secs(2)), at(3));
    assert_eq!(at(5).saturating_sub(Duration::MAX), Moment::START);
    assert_eq!(at(5).saturating_since(at(2)), secs(3));
    assert_eq!(at(2).saturating_since(at(5)), Duration::ZERO);
}

#[test]
fn a_moment_is_the_number_it_was_made_from() {
    assert_eq!(Moment::from_nanos(1_500_000_000), at(1) + millis(500));
    assert_eq!((at(1) + millis(500)).as_nanos(), 1_500_000_000);
    assert_eq!(format!("{:?}", at(2)), "2s after the start");
}
