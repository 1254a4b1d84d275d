use serde::{Deserialize, Serialize};

/// What a test found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// The provider takes the key.
    Valid,
    /// The provider does not take it.
    Invalid,
    /// The provider says that its time is over.
    Expired,
    /// Too many requests: nothing is known.
    RateLimited,
    /// No answer in time, or one that says that the provider is in trouble.
    Unreachable,
    /// The browser was not let see an answer. Whether the provider does not allow pages to ask
    /// (CORS), is away, or the network is, a browser tells no page.
    Blocked,
    /// An answer that says neither.
    Unexpected,
}

impl CheckOutcome {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Valid,
        Self::Invalid,
        Self::Expired,
        Self::RateLimited,
        Self::Unreachable,
        Self::Blocked,
        Self::Unexpected,
    ];

    /// Whether the provider itself said that the key does not work.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Invalid | Self::Expired)
    }
}

/// Sealed in overviews: a number, once given, keeps its meaning.
pub(super) const fn outcome_code(outcome: CheckOutcome) -> u8 {
    match outcome {
        CheckOutcome::Valid => 0,
        CheckOutcome::Invalid => 1,
        CheckOutcome::Expired => 2,
        CheckOutcome::RateLimited => 3,
        CheckOutcome::Unreachable => 4,
        CheckOutcome::Blocked => 5,
        CheckOutcome::Unexpected => 6,
    }
}

/// The reverse of [`outcome_code`].
pub(super) fn outcome_of(code: u8) -> Option<CheckOutcome> {
    CheckOutcome::ALL
        .into_iter()
        .find(|outcome| outcome_code(*outcome) == code)
}

/// All that is learnt of a provider's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckAnswer {
    /// It answered.
    Status {
        /// The status of HTTP.
        status: u16,
        /// Which of [`CheckRequest::patterns`](crate::CheckRequest::patterns) its body holds: a
        /// bit for each, the first is the lowest.
        found: u32,
    },
    /// It wanted the request to go elsewhere, where it did not go.
    Redirected,
    /// The browser showed no answer.
    Blocked,
    /// None came in time.
    TimedOut,
}

impl CheckAnswer {
    /// The status of HTTP; 0 without an answer.
    pub fn status(self) -> u16 {
        match self {
            Self::Status { status, .. } => status,
            Self::Redirected | Self::Blocked | Self::TimedOut => 0,
        }
    }
}
