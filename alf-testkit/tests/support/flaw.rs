//! The flaws that transports have, and that the suite catches.

pub(crate) trait HasFlaw: Send + Sync + 'static {
    const FLAW: Option<Flaw>;
    /// The cases that are known to fail.
    const KNOWN: &'static [(&'static str, &'static str)] = &[];

    fn has(flaw: Flaw) -> bool {
        Self::FLAW == Some(flaw)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    AppendsHeaders,
    SendsCredentialsOfTheUrl,
    CopiesNoBody,
    CopiesStreamsAsEmpty,
    CopiesShortBodies,
    NeverCopies,
    FollowsRedirectsWithTheToken,
    HidesRedirects,
    IgnoresTheScheme,
    RestoresTheTokenOnTheSecondRedirect,
    ExchangeFollowsRedirects,
    ExchangeReadsWithoutBound,
    ExchangeCallsLongFailuresTooLarge,
    ExchangeDropsHeaders,
    ExchangeSendsChunks,
    ExchangeErrorsShowTheRequest,
    ExchangeCallsEveryFailureRedirected,
    ReturnsAWrongOrigin,
    ReturnsOneValueOfAHeader,
    MakesErrorsOfStatuses,
    ReadsStreamsWhole,
    ReadsResponsesWhole,
    KeepsRejectedResponses,
    IgnoresTheLimit,
    TrustsAnyCertificate,
    IgnoresTheRoot,
    PanicsOnUnusualHeaders,
    LogsTheToken,
    TracesTheSecret,
    Panics,
}

pub(crate) struct Sound;

impl HasFlaw for Sound {
    const FLAW: Option<Flaw> = None;
}
