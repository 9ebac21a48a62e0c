//! What can be wrong with a transport.

/// What is wrong with a transport.
pub(crate) trait Flaw: Send + Sync + 'static {
    const FLAW: Option<Flawed>;
}

/// The mistakes that the suite is there to catch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flawed {
    AppendsHeaders,
    SendsCredentialsOfTheUrl,
    CopiesNoBody,
    CopiesStreamsAsNothing,
    CopiesShortBodies,
    NeverCopies,
    FollowsRedirectsWithTheToken,
    FollowsRedirectsAndTellsNobody,
    TakesSchemesForOne,
    PutsTheTokenBackOnTheSecondHop,
    ExchangeFollowsRedirects,
    ExchangeReadsWithoutBound,
    ExchangeCallsLongFailuresTooLarge,
    ExchangeDropsHeaders,
    ExchangeSendsChunks,
    ExchangeErrorsShowTheRequest,
    ExchangeCallsEveryFailureRedirected,
    TellsAWrongOrigin,
    TellsOneValueOfAHeader,
    MakesErrorsOfStatuses,
    GathersStreams,
    GathersResponses,
    KeepsRejectedResponses,
    IgnoresTheLimit,
    TrustsAnyCertificate,
    IgnoresTheRoot,
    PanicsOnOddHeaders,
    LogsTheToken,
    TracesTheSecret,
    Panics,
}

/// Without a flaw.
pub(crate) struct Sound;

impl Flaw for Sound {
    const FLAW: Option<Flawed> = None;
}
